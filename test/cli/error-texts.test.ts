import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { portSentence } from '../../cli/dev/port-sentence.ts';
import { nothingFits } from '../../cli/nothing-fits.ts';

/*
 * Every sentence that the command can end with, and the words in it that say what to do next. A new text without a row fails, as does a row
 * whose text is gone; so does a sentence that lost its next step. Holes of a template are `{}`.
 */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  'The file is not sound, nothing is dropped. {} Export again with cs audit export.': 'Export again with',
  'The file begins after place {}, the database after {}: export again, nothing is dropped.': 'export again',
  'Place {} of the file is not what the database holds: nothing is dropped. Look with cs audit verify which of the two was changed.':
    'Look with cs audit verify',
  'The database does not hold as many rows as the file: nothing is dropped. Is it the database that the file came from? Look with cs audit verify.':
    'Look with cs audit verify',
  'No checkpoint closes the rows up to there: nothing can be exported yet. The enrollment worker signs one after CS_AUDIT_CHECKPOINT_SECONDS or CS_AUDIT_CHECKPOINT_ROWS.':
    'The enrollment worker signs one',
  'The audit row of place {} is gone: look with cs audit verify.': 'look with cs audit verify',
  '{} is not a whole audit segment: it must end with the checkpoint that its header names. It was cut off: take another copy, or export again.':
    'export again',
  'Line {} is not one of an audit segment: name a file that cs audit export wrote, unchanged.': 'name a file that cs audit export wrote',
  'Place {} was dropped with its segment: verify that file with --file and --head instead.': 'verify that file with',
  'Place {} is not in this file: it holds {} to {}. Name the file with that place, or leave out --head.': 'Name the file with',
  'was not issued by this root: take it out': 'take it out',
  "This machine's clock says {}, but the root CRL before was signed at {}: set the clock.": 'set the clock',
  'a head is <place>:<64 hex digits>, as cs audit head prints it': 'as cs audit head prints it',
  'a place (a whole number) or a time like 2026-12-31T23:59:59Z': 'a time like',
  '{} holds a hierarchy already, which is kept: name another folder with --out.': 'name another folder with --out',
  '{} is not JSON: --delivery-key takes a file like {"kty":"EC","crv":"P-256","x":"…","y":"…"}.': 'takes a file like',
  'a port is a number from 1 to 65535': 'from 1 to 65535',
  'The development stack needs a checkout: run `npm start` there.': 'run `npm start` there',
  '{} cs find --device leads to it.': 'cs find --device',
  '{} exists already: choose another name. Nothing was signed.': 'choose another name',
  'No enrollment worker signed the timeline: is `cs worker` running, on this database? Look at its /readyz, then ask again.':
    'Look at its /readyz',
  'Say what to find: --device, --user, --serial or --enrollment.': 'Say what to find',
  '--serial takes hex digits, with or without colons; {} has others: openssl x509 -serial prints it.': 'openssl x509 -serial',
  'Say --reason: the audit keeps it.': 'Say --reason',
  '{} is neither a file nor 64 hex digits: name a file with the public key, certificate or CSR, or the SHA-256 of its SubjectPublicKeyInfo.':
    'name a file with',
  'a time is a number with s, m, h or d: 90s, 10m, 2h': '90s, 10m, 2h',
  '{} is empty: nothing was written to it. Make the request again (docs/csr-tools.md).': 'Make the request again',
  'The data folder {} is in use by process {}; stop that one (Ctrl-C there) or choose another folder with --data.': 'stop that one',
  '{} is not a data folder of this service (it holds {}); choose another one with --data.': 'choose another one with --data',
  'The data folder {} is half-made: {}/{} is missing. Begin anew with --fresh, which throws its content away.': 'Begin anew with --fresh',
  'The data folder {} is half-made: its databases are there, its keys are not. Begin anew with --fresh, which throws its content away.':
    'Begin anew with --fresh',
  'There is no development stack in {}: start one with `npm start`, or say --data <folder>.': 'start one with `npm start`',
  '127.0.0.1 has no free port from {} to {}: end what listens there (ss -ltn).': 'end what listens there',
  '{} could not be started: is it there and executable by this user, and is another process possible (ulimit -u)?':
    'is it there and executable',
  'PostgreSQL did not start; the end of {}:\n{}': 'the end of {}',
  'PostgreSQL refuses the password that is kept in the data folder (secrets/database.password): another PostgreSQL listens on this port (--postgres-port), or begin anew with --fresh.':
    'begin anew with --fresh',
  '--api-host {} is no address of this machine. It has {}; 0.0.0.0 stands for all. Names: --api-name.': '0.0.0.0 stands for all',
  '--api-host {} is no IP address. Write 0.0.0.0 or one of {}.': 'Write 0.0.0.0 or',
  '--api-host {} needs --api-name: the name or address that devices call this machine by, for its TLS certificate and its URLs. It has {}.':
    'needs --api-name',
  '--api-name {} stands for all addresses, and no device can call it: name one.': 'name one',
  '--api-name {} is neither a DNS name nor an IP address: write my-laptop.local or 192.168.1.5, without https:// and port.':
    'write my-laptop.local',
  '{} {}. The end of {}:\n{}': 'The end of {}',
  'Temporal did not start; the end of {}:\n{}': 'the end of {}',
  '{} cannot stand in the audit as a name: 1 to 64 characters of A-Z a-z 0-9 . _ : @ -. Run it as a user with such a name, or say one with --by where there is that option.':
    'Run it as a user',
  '--url and --token-file go together: where the operator listener is, and a file with your access token.': 'go together',
  '--url must be https: the access token would be readable on its way. Write https://, and name its CA with --ca.': 'Write https://',
  '--token-file names {}, which does not hold one access token and nothing else: write the token alone into it.': 'write the token alone',
  '{} names {}, which cannot be read ({}): correct the path, or let this user read it.': 'correct the path',
  'This file holds a private key. Give its public half: openssl pkey -pubout -in <file> -out <new file>. Or say its hash.':
    'Give its public half',
  'The file holds no RSA, P-256 or P-384 public key, neither as such nor in a certificate or a CSR. Look with openssl pkey -pubin -text -noout -in <file>.':
    'Look with openssl',
  '{} belongs to another user: a secret is read only from you or root. chown it to yourself, or copy it.': 'chown it',
  'Others may read or change {} (mode {}), and it holds a secret: chmod 600 {}': 'chmod 600',
  'There is no enrollment {}: cs find --device or --user leads to its id. What ended long ago is removed (docs/data.md).':
    'cs find --device',
  'This timeline is not believed. {} Ask for it again: cs enrollment show <id> --export <file>.': 'Ask for it again',
  'This timeline is signed and is not of a form that this version knows: verify it with the version that exported it, or a newer one.':
    'verify it with the version',
};

/** Never told to a person as they stand: caught where they are thrown, or put together from a sentence of another place. */
const NO_SENTENCES: Readonly<Record<string, string>> = {
  '{}: {}': 'a file of the CA folder and the sentence about it',
  '--enrollment: {}': 'sentence of readEnrollmentId',
  'The Certificate Service refused to start the enrollment: {}': 'detail and hint of the service',
  '=refusalOf(lastError)': 'sentence of the service, with the tries that are left',
  '=NOTHING': 'what to install: test/dev/find-temporal.test.ts',
  "PostgreSQL's {} failed (exit code {}). It said:\n{}": 'its own words follow',
  '{} {} failed. It said:\n{}': 'its own words follow',
  'Interrupted before everything was up.': 'whoever typed Ctrl-C knows',
  '=refusal(answer.status': 'detail and hint of the service',
  '{} cannot be reached ({}). {}': 'what to do follows: the CA, or the address',
  'not a certificate': 'caught in readPublicKey',
  'not a point': 'caught in readPublicKey',
};

const THROWN = /new (?:Error|InvalidArgumentError)\(\s*(`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|[A-Za-z][^`'\n]*?\)?(?=[,)]))/g;

function textsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(THROWN)].map(([, text = '']) =>
    /^[`']/.test(text)
      ? text
          .slice(1, -1)
          .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '{}')
          .replaceAll(/\\([`'])/g, '$1')
          .replaceAll('\\n', '\n')
      : `=${text}`,
  );
}

const files = readdirSync('cli', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const found = [...new Set(files.flatMap((name) => textsOf(join('cli', name))))];

describe('the sentences of the command', () => {
  it('are each in the table, or say why not; the table has no other', () => {
    const known = [...Object.keys(NEXT_STEPS), ...Object.keys(NO_SENTENCES)];
    expect(known.toSorted()).toEqual(found.toSorted());
  });

  it.each(Object.entries(NEXT_STEPS))('%s', (text, next) => {
    expect(text).toContain(next);
    expect(next.length).toBeGreaterThan(5);
  });
});

describe('besides', () => {
  it('cs find says what was asked when nothing fits, and where it may have gone', () => {
    expect(nothingFits({ device: 'd-9\n', user: 'u-1' })).toMatch(
      /^Nothing fits --device d-9\S+ --user u-1\. All of it must fit, .*what ended long ago is removed \(docs\/data\.md\)\.$/,
    );
  });

  it.each<[string | undefined, RegExp | undefined]>([
    [undefined, undefined],
    ['EADDRINUSE', /^Port 443 for the HTTPS API is taken by another process; stop that one or choose another port with --api-port\.$/],
    ['EACCES', /^Port 443 for the HTTPS API may not be listened on by this user; choose one of 1024 or more with --api-port\.$/],
    [
      'EADDRNOTAVAIL',
      /^Port 443 for the HTTPS API cannot be listened on at 10\.9\.9\.9 \(EADDRNOTAVAIL\); choose another port with --api-port\.$/,
    ],
  ])('cs dev says of a port with the code %s what to do', (code, sentence) => {
    const said = portSentence({ port: 443, role: 'HTTPS API', option: '--api-port' }, '10.9.9.9', code);
    if (sentence === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(sentence);
  });
});
