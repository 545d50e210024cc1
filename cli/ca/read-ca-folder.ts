import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { derOrPem } from '../../core/pki/der-or-pem.ts';
import type { ListedEntry } from '../../core/pki/read-crl-entries.ts';
import { readCrlEntries } from '../../core/pki/read-crl-entries.ts';
import { readVerifiedCrl } from '../../core/pki/read-verified-crl.ts';
import { type RootIssued, rootIssued } from '../../core/pki/root-issued.ts';
import { readSecretFile } from '../secret-file.ts';

/** What lies beside the root key, all of it of this root. */
export interface CaFolder {
  readonly rootPem: string;
  readonly rootKeyPem: string;
  /** Every other certificate in the folder. */
  readonly issued: readonly RootIssued[];
  /** The root CRL that was signed last. */
  readonly crl: { readonly number: bigint; readonly thisUpdate: Date; readonly nextUpdate: Date; readonly entries: readonly ListedEntry[] };
}

const ENDING = '.crt.pem';

/**
 * Reads a folder of `cs ca init`. Throws an `Error` that names the file when one is missing, is
 * something else, or is not of this root.
 */
export function readCaFolder(folder: string): CaFolder {
  const root = read(folder, `root${ENDING}`, 'CERTIFICATE');
  const names = readdirSync(folder).filter((name) => name.endsWith(ENDING) && name !== `root${ENDING}`);
  return {
    rootPem: readFileSync(join(folder, `root${ENDING}`), 'utf8'),
    rootKeyPem: readSecretFile(join(folder, 'root.key.pem')).toString('utf8'),
    issued: names.toSorted().map((name) => issuedIn(folder, name, root)),
    crl: crlIn(folder, root),
  };
}

function read(folder: string, name: string, label: Parameters<typeof derOrPem>[1]): Uint8Array {
  const content = readFileSync(join(folder, name));
  return inFile(folder, name, () => derOrPem(content, label));
}

function issuedIn(folder: string, name: string, root: Uint8Array): RootIssued {
  const der = read(folder, name, 'CERTIFICATE');
  return inFile(folder, name, () => {
    if (!new X509Certificate(der).verify(new X509Certificate(root).publicKey)) throw new Error('was not issued by this root: take it out');
    return rootIssued(name.slice(0, -ENDING.length), der);
  });
}

function crlIn(folder: string, root: Uint8Array): CaFolder['crl'] {
  const der = read(folder, 'root.crl', 'X509 CRL');
  return inFile(folder, 'root.crl', () => {
    const { number, thisUpdate, nextUpdate, revoked } = readVerifiedCrl(der, root);
    return { number, thisUpdate, nextUpdate, entries: readCrlEntries(revoked) };
  });
}

function inFile<Result>(folder: string, name: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new Error(`${join(folder, name)}: ${error instanceof Error ? error.message : 'cannot be read'}`, { cause: error });
  }
}
