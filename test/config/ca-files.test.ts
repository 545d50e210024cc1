import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../config/load-config.ts';
import { testCa, testCertificate } from '../api-real/stand/test-pki.ts';
import { filesIn, pem, testHierarchy, testSigner } from '../core/pki/test-hierarchy.ts';
import { environmentOf } from './process-environment.ts';

const hierarchy = testHierarchy();
const { issuers, rootCrl } = hierarchy;
const rootDer = testSigner(hierarchy, 'root').certificateDer;
const rootPem = issuers.root.certificatePem;
const file = filesIn({
  'root.cer': rootDer,
  'windows.pem': rootPem.replaceAll('\n', '\r\n'),
  'crl.pem': pem('X509 CRL', rootCrl),
  'root.crl': rootCrl,
  'half.cer': rootDer.subarray(0, 300),
  'half.pem': rootPem.slice(0, 300),
  'empty.pem': '',
  'blank.pem': ' \n\n',
  'words.pem': 'to be done\n',
  'two.pem': rootPem + issuers['issuing-ec'].certificatePem,
  'text.pem': `Certificate:\n${rootPem}`,
  'broken.pem': rootPem.replace('MII', 'M!I'),
});

function problemOf(changes: Record<string, string>): string {
  try {
    loadConfig('issuer', environmentOf('issuer', changes));
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'taken';
}

describe('the file of a CA certificate', () => {
  test.each(['root.cer', 'windows.pem'])('%s is read, as PEM afterwards', (name) => {
    const { rootCertificate } = loadConfig('issuer', environmentOf('issuer', { CS_ROOT_CERT_FILE: file(name) }));
    expect(rootCertificate).toBe(rootPem);
  });

  test.each([
    ['crl.pem', 'holds a PEM block X509 CRL, not CERTIFICATE'],
    ['root.crl', 'holds something else than a certificate, or only a part of one'],
    ['half.cer', 'holds something else than a certificate, or only a part of one'],
    ['half.pem', 'holds a PEM block without its END line: it was cut off'],
    ['empty.pem', 'is empty'],
    ['blank.pem', 'holds white space only'],
    ['words.pem', 'is neither DER nor PEM'],
    ['two.pem', 'holds 2 PEM blocks; one is wanted'],
    ['text.pem', 'has text before the PEM block'],
    ['broken.pem', 'holds a PEM block that is not base64'],
  ])('%s: the process does not start and says which file, and why', (name, why) => {
    for (const env of ['CS_ROOT_CERT_FILE', 'CS_ISSUING_RSA_CERT_FILE', 'CS_ISSUING_EC_CERT_FILE'])
      expect(problemOf({ [env]: file(name) })).toContain(`${env} names ${file(name)}, which ${why}.`);
  });

  test('one that is not there is named with what to do', () => {
    const path = file('missing.pem');
    expect(problemOf({ CS_ROOT_CERT_FILE: path })).toContain(`CS_ROOT_CERT_FILE names ${path}, and there is no such file. Write it, or`);
  });

  test('a certificate that is none of a CA is refused', async () => {
    const { pem: leafPem } = await testCertificate({ name: 'leaf', issuer: await testCa('SOMEBODY') });
    const leaf = filesIn({ 'leaf.pem': leafPem });
    expect(problemOf({ CS_ROOT_CERT_FILE: leaf('leaf.pem') })).toContain('which holds a certificate that is none of a CA');
  });
});

describe('CA certificates that do not belong together', () => {
  test('an issuing CA in the place of the root', () => {
    const issuing = filesIn({ 'ec.pem': issuers['issuing-ec'].certificatePem });
    const said = problemOf({ CS_ROOT_CERT_FILE: issuing('ec.pem') });
    expect(said).toContain('CS_ROOT_CERT_FILE holds "');
    expect(said).toContain('which is no root');
  });

  test('an issuing CA of another root', async () => {
    const other = filesIn({ 'root.pem': (await testCa('ANOTHER ROOT')).pem });
    const said = problemOf({ CS_ROOT_CERT_FILE: other('root.pem') });
    expect(said).toMatch(/CS_ISSUING_RSA_CERT_FILE holds .* did not issue/);
    expect(said).toMatch(/CS_ISSUING_EC_CERT_FILE holds .* did not issue/);
  });
});
