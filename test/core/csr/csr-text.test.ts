import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64, buildRequest, pem } from '../../../conformance/csr-cases/build-request.ts';
import { CSR_REFUSALS, type CsrRefusalCode } from '../../../contract/csr-refusal-codes.ts';
import { decodeCsrText } from '../../../core/csr/csr-text.ts';

const der = buildRequest();
const block = pem(der);
const bare = base64(der);
const [begin = '', first = ''] = block.split('\n');
const hex = Buffer.from(der).toString('hex');
const END = '-----END CERTIFICATE REQUEST-----';
const end = block.indexOf(END);

/** The rest of a line is white space where RFC 7468 §3 says that it means nothing. */
describe('a request has one reading, whatever white space stands in its PEM block', () => {
  test('any mixture of line breaks, empty lines and blanks at both ends of lines', () => {
    const blanks = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
    const eol = fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\r\n', '\n \t\r\n');
    const label = fc.constantFrom('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST');
    const lines = fc
      .tuple(label, fc.integer({ min: 1, max: 90 }))
      .map(([name, width]) => pem(der, name, '\n', width).trimEnd().split('\n'));
    const text = lines.chain((all) =>
      fc.tuple(...all.map((line) => fc.tuple(blanks, fc.constant(line), blanks, eol).map((one) => one.join('')))),
    );
    fc.assert(
      fc.property(text, (all) => {
        expect(decodeCsrText(all.join(''))).toEqual({ ok: true, der });
      }),
      { numRuns: 500 },
    );
  });

  test('anything else than white space between two lines is refused, and its place is told', () => {
    const stranger = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((one) => !/[A-Za-z0-9+/=_\s-]|["\\%]/.test(one));
    fc.assert(
      fc.property(stranger, (one) => {
        const text = block.replace('\n', `\n${one}\n`);
        expect(decodeCsrText(text)).toMatchObject({ ok: false, refusal: { code: 'csr_encoding', offset: begin.length + 1 } });
      }),
      { numRuns: 500 },
    );
  });
});

type Told = [what: string, text: string, code: CsrRefusalCode, offset: number, detail: RegExp];

describe('what is refused is called by its name, with its place and what to do', () => {
  test.each<Told>([
    [
      'a byte order mark before PEM',
      `\ufeff${block}`,
      'csr_encoding',
      0,
      /^A byte order mark \(U\+FEFF\).* stands before the request: write the text without it/,
    ],
    ['a byte order mark behind a line break', `\n\ufeff${block}`, 'csr_encoding', 1, /^A byte order mark/],
    ['a byte order mark before base64', `\ufeff${bare}`, 'csr_encoding', 0, /^A byte order mark/],
    ['END on the last line', block.replace(`\n${END}`, END), 'csr_encoding', end - 1, /^END must begin a line: put a line break before it/],
    [
      'base64 on the line of BEGIN',
      block.replace('\n', ''),
      'csr_encoding',
      begin.length,
      /behind the five dashes of BEGIN: put a line break/,
    ],
    [
      'no line break left',
      block.replaceAll('\n', ''),
      'csr_encoding',
      begin.length,
      /^The PEM text has lost its line breaks: put one behind BEGIN and one before END/,
    ],
    ['line breaks that became blanks', block.replaceAll('\n', ' '), 'csr_encoding', begin.length, /^The PEM text has lost its line breaks/],
    [
      'a blank in a line',
      block.replace(/\n(.{8})./, '\n$1 '),
      'csr_encoding',
      begin.length + 9,
      /a blank between two characters of base64: a \+ that URL decoding/,
    ],
    ['a tab in a line', block.replace(/\n(.{8})./, '\n$1\t'), 'csr_encoding', begin.length + 9, /a tab between two characters/],
    [
      '\\n as two characters',
      block.replaceAll('\n', '\\n'),
      'csr_encoding',
      begin.length,
      /^A backslash stands where a line break belongs: send real line breaks/,
    ],
    [
      'a header',
      block.replace('\n', '\nProc-Type: 4\n'),
      'csr_encoding',
      begin.length + 10,
      /a colon \(U\+003A\): headers such as Proc-Type/,
    ],
    [
      'a zero-width space',
      block.replace(/\n(.{8})/, '\n$1\u200b'),
      'csr_encoding',
      begin.length + 9,
      /a zero-width space \(U\+200B\), which cannot be seen/,
    ],
    ['a no-break space behind BEGIN', block.replace('\n', '\u00a0\n'), 'csr_encoding', begin.length, /a no-break space \(U\+00A0\)/],
    [
      'a smiley',
      block.replace(/\n(.{8})/, '\n$1🙂'),
      'csr_encoding',
      begin.length + 9,
      /a character that base64 does not have \(U\+1F642\)/,
    ],
    ['NUL, as UTF-16 has it', block.replace(/\n(.{8})/, '\n$1\0'), 'csr_encoding', begin.length + 9, /NUL \(U\+0000\): UTF-16/],
    ['percent-encoding', encodeURIComponent(block), 'csr_encoding', 5, /-encoded: send it as it is/],
    ['form encoding', encodeURIComponent(block).replaceAll('%20', '+'), 'csr_encoding', 5, /-encoded: send it as it is/],
    [
      'four dashes',
      block.replaceAll('-----', '----'),
      'csr_encoding',
      0,
      /^There is no line -----BEGIN CERTIFICATE REQUEST-----, with five dashes/,
    ],
    ['no END line', block.slice(0, end), 'csr_encoding', end - 1, /^The line -----END CERTIFICATE REQUEST----- is missing: /],
    [
      'four dashes at END',
      block.replace('REQUEST-----\n', 'REQUEST-----\n').replace(END, END.slice(0, -1)),
      'csr_encoding',
      end,
      /^The END line is not -----END CERTIFICATE REQUEST-----, with five dashes/,
    ],
    [
      'another label at END',
      block.replace('END CERT', 'END NEW CERT'),
      'csr_encoding',
      end,
      /^END names another label than BEGIN: write -----END CERTIFICATE REQUEST-----/,
    ],
    [
      'five dashes inside',
      block.replace(first, `-----\n${first}`),
      'csr_encoding',
      begin.length + 1,
      /^Five dashes stand inside the block/,
    ],
    [
      'nothing inside',
      `${begin}\n\n${END}`,
      'csr_encoding',
      begin.length + 2,
      /^There is nothing between BEGIN and END: base64 of the DER belongs there/,
    ],
    ['nothing at all', ' \n', 'csr_encoding', 2, /^The text is empty: send the CSR/],
    [
      'a label in lower case',
      pem(der, 'certificate request'),
      'csr_encoding_label',
      0,
      /in lower case: write -----BEGIN CERTIFICATE REQUEST-----/,
    ],
    ['a public key', pem(der, 'PUBLIC KEY'), 'csr_encoding_label', 0, /^The PEM block is PUBLIC KEY, another kind of file: send the CSR/],
    ['a label of nobody', `\n${pem(der, 'MY CSR')}`, 'csr_encoding_label', 1, /^The label of the PEM block is none of a CSR: send/],
    ['two blocks', block + block, 'csr_encoding_several_blocks', block.length, /^A second PEM block begins here: send/],
    ['text before', `Bag\n${block}`, 'csr_encoding_text_around', 0, /^There is text before the BEGIN line: send the block alone/],
    ['text after', `${block}\n x`, 'csr_encoding_text_around', block.length + 2, /^There is text after the END line: send the block alone/],
    [
      'base64 of PEM',
      base64(Buffer.from(block)),
      'csr_encoding',
      0,
      /^The base64 holds PEM text: it was encoded twice\. Send that PEM text itself/,
    ],
    [
      'base64 of PEM with a byte order mark',
      base64(Buffer.from(`\ufeff${block}`)),
      'csr_encoding',
      0,
      /^The base64 holds PEM text: it was encoded twice/,
    ],
    [
      'base64 of base64',
      ` ${base64(Buffer.from(bare))}`,
      'csr_encoding',
      1,
      /^The base64 holds base64 again: it was encoded twice\. Send the inner base64/,
    ],
    [
      'base64 of hex',
      base64(Buffer.from(hex)),
      'csr_encoding',
      0,
      /^The base64 holds hex: it was encoded twice\. Turn the hex into octets/,
    ],
    [
      'PEM around base64 of PEM',
      pem(Buffer.from(block)),
      'csr_encoding',
      begin.length + 1,
      /^The base64 holds PEM text: it was encoded twice/,
    ],
    [
      'PEM around hex',
      pem(der).replace(block.slice(begin.length + 1, end), `${hex}\n`),
      'csr_encoding',
      begin.length + 1,
      /^The PEM block holds hex, not base64: encode/,
    ],
    [
      'base64 of a JSON array',
      base64(Buffer.from(JSON.stringify([...der]))),
      'csr_encoding',
      0,
      /^The base64 holds text, not DER: encode the octets/,
    ],
    ['0x and hex', `0x${hex}`, 'csr_encoding', 0, /^The text is hex, not base64: encode the octets/],
    ['hex with blanks', hex.replaceAll(/(..)/g, '$1 '), 'csr_encoding', 0, /^The text is hex/],
    ['octets of a C array', `0x${hex.replaceAll(/(..)(?=.)/g, '$1, 0x')}`, 'csr_encoding', 0, /^The text is hex/],
    ['a JSON array', JSON.stringify([...der]), 'csr_encoding', 0, /^The text is a JSON array: send base64/],
    ['a JSON object', JSON.stringify({ csr: bare }), 'csr_encoding', 0, /^The text is a JSON object: the member csr is the request itself/],
    [
      'a data URL',
      `data:application/pkcs10;base64,${bare}`,
      'csr_encoding',
      0,
      /^The text is a data URL: leave out everything up to the comma/,
    ],
    ['quotation marks', JSON.stringify(bare), 'csr_encoding', 0, /^The text stands in quotation marks: it was encoded as JSON twice/],
    [
      'two = in the middle',
      `${bare.slice(0, 40)}==${bare.slice(42)}`,
      'csr_encoding',
      40,
      /an = before its end: two pieces of base64 were joined/,
    ],
    [
      'base64url in PEM',
      block.replace(/\n(.{8})./, '\n$1_').replaceAll(/[+/]/g, 'a'),
      'csr_encoding_base64url',
      begin.length + 9,
      /^The text is base64url: here - or _ stands where base64 has/,
    ],
    [
      'both alphabets',
      block.replace(/\n(.{8}).(.)/, '\n$1_+'),
      'csr_encoding',
      begin.length + 9,
      /a _ of base64url \(U\+005F\) beside \+ or \/: encode by one alphabet/,
    ],
    [
      'a character lost in PEM',
      block.replace(/\n./, '\n'),
      'csr_encoding_padding',
      end - 2,
      /^The base64 has \d+ characters, no multiple of four: its padding \(=\) is missing, or/,
    ],
    [
      'spare bits in PEM',
      `${begin}\nMAF=\n${END}`,
      'csr_encoding',
      begin.length + 3,
      /^The last character of the base64 has bits that stand for nothing: /,
    ],
    [
      'bare base64 in lines',
      bare.replaceAll(/(.{76})/g, '$1\n'),
      'csr_encoding_line_breaks',
      76,
      /^White space stands inside the bare base64: send it in one line, or between/,
    ],
  ])('%s', (_what, text, code, offset, detail) => {
    const decoded = decodeCsrText(text);
    expect(decoded).toMatchObject({ ok: false, refusal: { code, offset, detail: expect.stringMatching(detail) } });
    expect(decoded.ok ? '' : decoded.refusal.detail).not.toBe(`${CSR_REFUSALS[code].title}.`);
  });
});
