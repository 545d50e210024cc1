import { expect, test } from 'vitest';
import { jsonTypeFault } from '../../contract/json-media-type.ts';

test.each([
  'application/json',
  'Application/JSON',
  'application/json;',
  'application/json ; ',
  'application/json;;charset=utf-8;',
  'application/json; charset=utf-8',
  'application/json;charset="UTF-8"',
  'application/json; charset="utf\\-8"',
  'application/json; charset=utf8',
  'application/json; Charset=UTF8',
  'application/json; v=1',
  'application/json; odata.metadata=minimal; charset=utf-8',
  'application/json; profile="https://example.org/a;b"',
  'application/json;\tcharset=utf-8',
])('%s is JSON in UTF-8', (header) => {
  expect(jsonTypeFault(header)).toBeUndefined();
});

test.each([
  [undefined, 'Content-Type is missing: send Content-Type: application/json'],
  ['', 'Content-Type is missing'],
  ['text/plain', 'says text/plain: send application/json'],
  ['text/plain; charset=utf-8', 'says text/plain: send'],
  ['application/jsonp', 'says application/jsonp'],
  ['application/json-patch+json', 'says application/json-patch+json'],
  ['application/json, text/plain', 'says a part of it'],
  ['application/json; charset=utf-7', 'charset=utf-7 is not taken'],
  ['application/json; charset="iso-8859-1"', 'charset="iso-8859-1" is not taken'],
  ['application/json; charset=', 'charset= is no parameter'],
  ['application/json; charset = utf-8', 'charset = utf-8 is no parameter'],
  ['application/json; charset=utf-8; charset=utf-7', 'charset comes twice'],
  ['application/json; charset=utf-8; CHARSET=utf-8', 'CHARSET comes twice'],
  ['application/json; utf-8', 'utf-8 is no parameter'],
  ['application/json; a="b', 'is no parameter'],
  [`application/json;${' '.repeat(256)}`, 'longer than 256 characters'],
  ['application/json; <script>=1', 'a part of it is no parameter'],
])('%s: the part is named', (header, says) => {
  expect(jsonTypeFault(header)).toContain(says);
});
