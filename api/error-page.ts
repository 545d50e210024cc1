import type { RequestHandler } from 'express';
import { PROBLEMS } from '../contract/error-codes.ts';

/** GET /docs/errors: one anchor a code, where `type` of every problem document points unless CS_DOCS_URL says otherwise. */
export const errorPage: RequestHandler = (_req, res) => {
  res.setHeader('Content-Type', 'text/html; charset=utf-8').send(PAGE);
};

const ROWS = Object.entries(PROBLEMS).map(
  ([code, { status, retryable, title, hint }]) =>
    `<tr id="${code}"><td><a href="#${code}"><code>${code}</code></a></td><td>${status}</td><td>${retryable ? 'yes' : 'no'}</td><td>${escaped(title)}. ${escaped(hint)}</td></tr>`,
);

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Certificate Service: errors</title>
<style>body{font:16px/1.5 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}td,th{padding:.4rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid #ccc}tr:target{background:#fff3bf}</style></head>
<body><h1>Errors</h1>
<p>Problem documents (RFC 9457). Decide by <code>code</code>, never by the text. Retryable: the same bytes may succeed later.</p>
<table><thead><tr><th>Code</th><th>Status</th><th>Retryable</th><th>What it means and what to do</th></tr></thead>
<tbody>
${ROWS.join('\n')}
</tbody></table></body></html>
`;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
