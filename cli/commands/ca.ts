import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { ISSUER_IDS, type IssuerId } from '../../contract/key-types.ts';
import { createHierarchy, type Hierarchy } from '../../core/pki/create-hierarchy.ts';
import { CA_REASONS, type CaReason } from '../../core/pki/next-root-entries.ts';
import { signRootCrl } from '../ca/sign-root-crl.ts';
import { printText } from '../print.ts';
import { readSecretFile, writeSecretFile } from '../secret-file.ts';

interface InitOptions {
  out: string;
  organization: string;
  publicBaseUrl: string;
  passphrases: string;
}

export function caCommand(): Command {
  return new Command('ca')
    .description('make the certificate authorities and the root CRL')
    .addCommand(initCommand())
    .addCommand(rootCrlCommand());
}

function initCommand(): Command {
  return new Command('init')
    .description('make a root and two issuing CAs (RSA, EC) and the first root CRL')
    .requiredOption('--out <folder>', 'folder for certificates, encrypted keys and the CRL; must not hold a hierarchy yet')
    .requiredOption('--organization <name>', 'O of the certificates')
    .requiredOption('--public-base-url <url>', 'plain-HTTP base of CRL and CA certificate addresses')
    .requiredOption('--passphrases <folder>', 'folder with the files root, issuing-rsa and issuing-ec, one passphrase each')
    .addHelpText(
      'after',
      '\nRun it where the root key stays, offline. Take only issuing-*.key.pem to the issuance worker.\n\n  $ cs ca init --out pki --organization "Example Org" --public-base-url http://pki.example.org --passphrases ./passphrases\n',
    )
    .action(({ out, organization, publicBaseUrl, passphrases }: InitOptions) => {
      const folder = resolve(out);
      if (existsSync(join(folder, 'root.crt.pem')))
        throw new Error(`${out} holds a hierarchy already, which is kept: name another folder with --out.`);
      writeHierarchy(folder, createHierarchy({ organization, publicBaseUrl, now: new Date(), passphrases: readPassphrases(passphrases) }));
      printText(`Wrote root, issuing-rsa and issuing-ec (.crt.pem, .key.pem) and root.crl to ${out}. Keep root.key.pem offline.`);
    });
}

interface RootCrlOptions {
  ca: string;
  passphraseFile: string;
  revoke?: string[];
  reason?: CaReason;
  unlist?: string[];
}

function rootCrlCommand(): Command {
  return new Command('root-crl')
    .description('sign the next root CRL, 90 days from now, with all entries of the one before; the issuance worker takes it over')
    .requiredOption('--ca <folder>', 'folder made by cs ca init, with the root key and the root CRL before')
    .requiredOption('--passphrase-file <file>', 'passphrase of the root key')
    .option('--revoke <ca...>', 'certificates of this root to revoke: name (issuing-ec) or serial number in hex')
    .addOption(new Option('--reason <reason>', 'why; needed with --revoke').choices(CA_REASONS))
    .option('--unlist <ca...>', 'entries to take out again: an un-revocation; see CS_ROOT_CRL_MAY_LACK')
    .addHelpText('after', ROOT_CRL_EXAMPLES)
    .action(({ ca: folder, passphraseFile, revoke = [], reason, unlist = [] }: RootCrlOptions) => {
      const passphrase = readSecretFile(passphraseFile).toString('utf8').trim();
      const signed = signRootCrl({ folder, passphrase, now: new Date(), revoke, reason, unlist });
      printText(`Wrote root CRL number ${signed.number} to ${signed.path}. It revokes ${signed.entries.length === 0 ? 'nothing.' : ''}`);
      for (const { serial, reason: why, revokedAt } of signed.entries) printText(`  ${serial}  ${why}  ${revokedAt.toISOString()}`);
      for (const remark of signed.remarks) printText(remark);
    });
}

const ROOT_CRL_EXAMPLES = `
  $ cs ca root-crl --ca pki --passphrase-file passphrases/root
  $ cs ca root-crl --ca pki --passphrase-file passphrases/root --revoke issuing-ec --reason cACompromise
`;

/** Writes what `createHierarchy` made; keys with mode 600. */
export function writeHierarchy(folder: string, { issuers, rootCrl }: Hierarchy): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const id of ISSUER_IDS) {
    writeFileSync(join(folder, `${id}.crt.pem`), issuers[id].certificatePem);
    writeSecretFile(join(folder, `${id}.key.pem`), issuers[id].encryptedKeyPem);
  }
  writeFileSync(join(folder, 'root.crl'), rootCrl);
}

function readPassphrases(folder: string): Record<IssuerId, string> {
  const passphrase = (id: IssuerId) => readSecretFile(join(folder, id)).toString('utf8').trim();
  return { root: passphrase('root'), 'issuing-rsa': passphrase('issuing-rsa'), 'issuing-ec': passphrase('issuing-ec') };
}
