/** A file whose content is checked at start and read again while the process runs, because it is renewed without a restart. */
export interface WatchedFile {
  readonly path: string;
  readonly content: string;
}

/** Of a watched file that may be left out. */
export function contentOf(file: unknown): string | undefined {
  const content: unknown = typeof file === 'object' && file !== null ? Reflect.get(file, 'content') : undefined;
  return typeof content === 'string' ? content : undefined;
}
