/** A file as it is served: everything about it is known before it is asked for. */
export interface PublicFile {
  readonly type: 'application/pkix-cert' | 'application/pkix-crl' | 'application/x-pem-file';
  /** The content, in parts that other files share; made when it is first asked for. */
  readonly parts: () => readonly Uint8Array[];
  /** Strong, of the content alone: the same from every process (RFC 9110 §8.8.3). */
  readonly etag: string;
  /** Whole seconds; undefined: not known. */
  readonly modifiedAt: Date | undefined;
  readonly maxAgeSeconds: number;
  /** When the first CRL in it runs out; undefined without one. */
  readonly goodUntil: Date | undefined;
}
