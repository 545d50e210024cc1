import type { Request, Response } from 'express';
import type { PublicFile } from './public-file.ts';

/** Answers GET and HEAD with the file, or 304 when the caller has it (RFC 9110 §13). Ranges are not served (ADR 45). */
export function answerFile(req: Request, res: Response, file: PublicFile): void {
  const modified = lastModified(file);
  res.setHeader('ETag', file.etag).setHeader('Cache-Control', `public, max-age=${file.maxAgeSeconds}`).setHeader('Accept-Ranges', 'none');
  if (modified !== undefined) res.setHeader('Last-Modified', modified);
  if (isKnown(req, file.etag, modified)) return void res.status(304).end();
  const parts = file.parts();
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  res.setHeader('Content-Type', file.type).setHeader('Content-Length', String(length));
  if (req.method !== 'HEAD') for (const part of parts) res.write(part);
  res.end();
}

/** RFC 9110 §8.8.2.1: never later than the date of the answer. */
function lastModified({ modifiedAt }: PublicFile): string | undefined {
  return modifiedAt === undefined || modifiedAt.getTime() > Date.now() ? undefined : modifiedAt.toUTCString();
}

/** If-None-Match goes before If-Modified-Since (RFC 9110 §13.2.2). */
function isKnown(req: Request, etag: string, modified: string | undefined): boolean {
  const { 'if-none-match': tags, 'if-modified-since': since } = req.headers;
  if (tags !== undefined) return tags.split(',').some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim()));
  // Only the date that we gave, no later one: a caller's own clock says nothing about which CRL it has.
  return modified !== undefined && since !== undefined && Date.parse(since) === Date.parse(modified);
}
