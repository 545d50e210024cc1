import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DevJson } from '../../cli/dev/dev-json.ts';

export interface PublicFiles {
  folder: string;
  root: string;
  issuing: string;
  /** PEM of all CRLs. */
  crls: string;
}

/** What a relying service downloads: CA certificates and CRLs from the plain-HTTP listener, turned into PEM by OpenSSL. */
export async function downloadPublicFiles({ publicFiles }: DevJson): Promise<PublicFiles> {
  const folder = mkdtempSync(join(tmpdir(), 'cs-relying-'));
  const fetched = async (path: string, kind: 'x509' | 'crl'): Promise<string> => {
    const answer = await fetch(`${publicFiles}${path}`);
    const file = join(folder, path.replaceAll('/', '_'));
    writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
    return execFileSync('openssl', [kind, '-inform', 'DER', '-in', file], { encoding: 'utf8' });
  };
  const crls = await Promise.all(['root', 'issuing-rsa', 'issuing-ec'].map((issuer) => fetched(`/crl/${issuer}.crl`, 'crl')));
  const issuing = await Promise.all(['issuing-rsa', 'issuing-ec'].map((issuer) => fetched(`/ca/${issuer}.cer`, 'x509')));
  const write = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  return {
    folder,
    root: write('root.pem', await fetched('/ca/root.cer', 'x509')),
    issuing: write('issuing.pem', issuing.join('')),
    crls: write('crls.pem', crls.join('')),
  };
}

export interface Verdict {
  ok: boolean;
  said: string;
}

/** `openssl verify -x509_strict -crl_check_all`. */
export function opensslVerdict({ folder, root, issuing, crls }: PublicFiles, leafPem: string): Verdict {
  const leaf = join(folder, 'leaf.pem');
  writeFileSync(leaf, leafPem);
  return run('openssl', [
    'verify',
    '-x509_strict',
    '-crl_check_all',
    '-purpose',
    'sslclient',
    '-CAfile',
    root,
    '-untrusted',
    issuing,
    '-CRLfile',
    crls,
    leaf,
  ]);
}

/** `certtool --verify`; it ignores CRLs in its input silently, so they are given by name. */
export function gnutlsVerdict({ folder, root, issuing, crls }: PublicFiles, leafPem: string): Verdict {
  const chain = join(folder, 'chain.pem');
  const issuer = issuerPem(issuing, leafPem, folder);
  writeFileSync(chain, leafPem + issuer);
  return run('certtool', ['--verify', '--infile', chain, '--load-ca-certificate', root, '--load-crl', crls, '--verify-profile', 'medium']);
}

/** certtool wants the chain in order: the CA of this leaf only. */
function issuerPem(issuing: string, leafPem: string, folder: string): string {
  const text = execFileSync('cat', [issuing], { encoding: 'utf8' });
  const pems = text.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----\n/g) ?? [];
  const issuerName = execFileSync('openssl', ['x509', '-noout', '-issuer', '-nameopt', 'RFC2253'], {
    input: leafPem,
    encoding: 'utf8',
  }).replace('issuer=', '');
  const found = pems.find(
    (pem) =>
      execFileSync('openssl', ['x509', '-noout', '-subject', '-nameopt', 'RFC2253'], { input: pem, encoding: 'utf8' }).replace(
        'subject=',
        '',
      ) === issuerName,
  );
  if (found === undefined) throw new Error(`no issuing CA named ${issuerName} in ${folder}`);
  return found;
}

/** Serial numbers that the published CRL lists, upper-case hex. */
export async function revokedSerials({ publicFiles }: DevJson, issuer: string): Promise<string[]> {
  const answer = await fetch(`${publicFiles}/crl/${issuer}.crl`);
  const text = execFileSync('openssl', ['crl', '-inform', 'DER', '-noout', '-text'], {
    input: Buffer.from(await answer.arrayBuffer()),
    encoding: 'utf8',
  });
  return [...text.matchAll(/Serial Number: ([0-9A-F]+)/g)].map(([, serial]) => serial ?? '');
}

function run(program: string, args: string[]): Verdict {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return { ok: status === 0, said: `${stdout}${stderr}` };
}
