import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { type Blocking, blockKey, listBlockedKeys } from '../../store/blocked-key.ts';
import { operatorName } from '../operator-name.ts';
import { printJson, printText } from '../print.ts';
import { readPublicKey } from '../read-public-key.ts';
import { visibleText } from '../visible-text.ts';
import { withDatabase } from '../with-database.ts';
import { withPath } from '../with-path.ts';

interface Place {
  data: string;
  json?: boolean;
}

export function keysCommand(): Command {
  return new Command('keys')
    .description('the list of public keys that are never certified')
    .addCommand(blockCommand())
    .addCommand(listCommand());
}

const WHERE =
  '\nUses CS_DATABASE_URL_FILE if it is set (the role cs_operator is enough), else the development stack of --data.\nThere is no way back: a compromised key stays compromised, and a device makes a new one in a moment.\n';

function blockCommand(): Command {
  return withPlace(new Command('block'))
    .description('block a public key: a CSR with it is refused, an enrollment that is issuing for it fails')
    .argument('<file|sha256>', 'public key, certificate or CSR (PEM or DER), or the SHA-256 of the SubjectPublicKeyInfo in hex')
    .requiredOption('--reason <text>', 'why; it is audited')
    .option('--by <name>', 'who; default: the user of this machine')
    .addHelpText(
      'after',
      `${WHERE}Certificates that hold the key stay valid until they are revoked; those in use are listed.\n\n  $ cs keys block stolen.crt.pem --reason "found in a public repository"\n`,
    )
    .action(async (key: string, { reason, by, ...place }: Place & { reason: string; by?: string }) => {
      const spkiSha256 = toSpkiSha256(key);
      if (reason.trim() === '') throw new Error('Say --reason: the audit keeps it.');
      const blockedBy = operatorName(by);
      const done = await withDatabase(place.data, (db) => blockKey(db, { spkiSha256, reason, blockedBy }));
      if (place.json === true) printJson({ spkiSha256, ...done });
      else printText(render(spkiSha256, done));
    });
}

function listCommand(): Command {
  return withPlace(new Command('list'))
    .description('show the blocked keys, newest first')
    .addHelpText('after', `${WHERE}\n  $ cs keys list --json\n`)
    .action(async (place: Place) => {
      const keys = await withDatabase(place.data, listBlockedKeys);
      const line = ({ spkiSha256, blockedAt, blockedBy, reason }: (typeof keys)[number]) =>
        `${spkiSha256}  ${blockedAt.toISOString()}  ${visibleText(blockedBy)}  ${visibleText(reason)}`;
      if (place.json === true) printJson(keys);
      else printText(keys.map(line).join('\n') || 'No key is blocked.');
    });
}

function withPlace(command: Command): Command {
  return command.option('--data <folder>', 'data folder of the development stack', 'data').option('--json', 'print JSON');
}

const HASH = /^[0-9a-f]{64}$/;

function toSpkiSha256(text: string): string {
  const hash = text.toLowerCase().replaceAll(':', '');
  if (HASH.test(hash)) return hash;
  if (!existsSync(text))
    throw new Error(
      `${text} is neither a file nor 64 hex digits: name a file with the public key, certificate or CSR, or the SHA-256 of its SubjectPublicKeyInfo.`,
    );
  return createHash('sha256')
    .update(readPublicKey(withPath(text, () => readFileSync(text))))
    .digest('hex');
}

function render(spkiSha256: string, { added, affected }: Blocking): string {
  return [
    added ? `Blocked ${spkiSha256}.` : `${spkiSha256} was blocked before; its entry stays as it was.`,
    ...affected.map((one) => `  in use: certificate ${one.serial} by ${one.issuerId}, ${one.status}, enrollment ${one.enrollmentId}`),
    ...(affected.length === 0 ? [] : ['Certificates in use are not revoked by this.']),
  ].join('\n');
}
