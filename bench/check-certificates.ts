import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StackUnderTest } from './stack-under-test.ts';

export interface Checked {
  verifier: string;
  checked: number;
  /** What OpenSSL said of those that it refused. */
  refused: readonly string[];
}

const FILES_A_CALL = 100;

/** Every certificate with OpenSSL: chain to the root file of the stack, RFC 5280 strictness, CRLs of the whole chain. */
export async function checkCertificates({ dev, scratch }: StackUnderTest, pems: readonly string[]): Promise<Checked> {
  const folder = mkdtempSync(join(scratch, 'certificates-'));
  const trust = await downloadTrust(dev.publicFiles, dev.rootCertificateFiles, folder);
  const files = pems.map((pem, index) => write(folder, `${index}.pem`, pem));
  const refused = Array.from({ length: Math.ceil(files.length / FILES_A_CALL) }, (_, call) =>
    refusedOf(trust, files.slice(call * FILES_A_CALL, (call + 1) * FILES_A_CALL)),
  ).flat();
  return { verifier: execFileSync('openssl', ['version'], { encoding: 'utf8' }).trim(), checked: files.length, refused };
}

async function downloadTrust(publicFiles: string, rootFiles: readonly string[], folder: string): Promise<string[]> {
  const pem = async (path: string, kind: 'x509' | 'crl'): Promise<string> => {
    const answer = await fetch(`${publicFiles}${path}`);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status}`);
    return execFileSync('openssl', [kind, '-inform', 'DER'], { input: Buffer.from(await answer.arrayBuffer()), encoding: 'utf8' });
  };
  const crls = await Promise.all(['root', 'issuing-rsa', 'issuing-ec'].map((issuer) => pem(`/crl/${issuer}.crl`, 'crl')));
  const issuing = await Promise.all(['issuing-rsa', 'issuing-ec'].map((issuer) => pem(`/ca/${issuer}.cer`, 'x509')));
  const roots = rootFiles.map((file) => readFileSync(file, 'utf8'));
  const [rootFile, issuingFile, crlFile] = [
    write(folder, 'roots', roots.join('\n')),
    write(folder, 'issuing', issuing.join('')),
    write(folder, 'crls', crls.join('')),
  ];
  return ['-CAfile', rootFile, '-untrusted', issuingFile, '-CRLfile', crlFile];
}

/** OpenSSL says `<file>: OK` for each; whatever has no such line was refused. */
function refusedOf(trust: readonly string[], files: readonly string[]): string[] {
  const args = ['verify', '-x509_strict', '-crl_check_all', '-purpose', 'sslclient', ...trust, ...files];
  const { stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  return files.filter((file) => !stdout.includes(`${file}: OK\n`)).map((file) => `${file}: ${stderr.slice(0, 500)}`);
}

function write(folder: string, name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
