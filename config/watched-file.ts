/** A file whose content is checked at start and read again while the process runs, because it is renewed without a restart. */
export interface WatchedFile {
  readonly path: string;
  readonly content: string;
}
