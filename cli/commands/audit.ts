import { Command, InvalidArgumentError } from 'commander';
import type { ChainPlace } from '../../core/evidence/audit-checkpoint.ts';
import type { AuditVerdict } from '../../core/evidence/audit-finding.ts';
import { readAuditHead } from '../../store/audit-chain.ts';
import { readLastCheckpoint } from '../../store/audit-checkpoint.ts';
import { dropSegment } from '../audit/drop-segment.ts';
import { exportSegment } from '../audit/export-segment.ts';
import { openSegment } from '../audit/read-segment.ts';
import { verifyDatabase } from '../audit/verify-database.ts';
import { verifySegment } from '../audit/verify-segment.ts';
import { evidenceKeys, keptKeys } from '../evidence-keys.ts';
import { operatorName } from '../operator-name.ts';
import { databaseUrlOf } from '../place.ts';
import { complain, printJson, printText } from '../print.ts';
import { withDatabase } from '../with-database.ts';

const PLACE = 'Uses CS_DATABASE_URL_FILE if it is set, else the development stack of --data.';

export function auditCommand(): Command {
  return new Command('audit')
    .description('verify, keep, export and drop the audit chain')
    .addCommand(verifyCommand())
    .addCommand(headCommand())
    .addCommand(exportCommand())
    .addCommand(dropCommand());
}

interface VerifyOptions {
  file?: string;
  head?: ChainPlace;
  jwks?: string;
  data: string;
  json?: boolean;
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('name the first audit row that was altered, removed or reordered; exit code 1 when there is one')
    .option('--file <segment>', 'an exported segment instead of the database')
    .option('--head <seq:hash>', 'a head that was kept elsewhere, against which a truncation shows', toPlace)
    .option('--jwks <file>', 'evidence keys that were kept elsewhere; without it those of the database, or of the file')
    .option('--data <folder>', 'data folder of the development stack', 'data')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\n${PLACE}\n\n  $ cs audit verify --head 4711:9f86d0… --jwks kept/evidence-jwks.json\n  $ cs audit verify --file 2026.ndjson\n`,
    )
    .action(async (options: VerifyOptions) => {
      const verdict = options.file === undefined ? await verifyThere(options) : await verifyFile(options, options.file);
      if (options.json === true) printJson(verdict);
      else printText(sentence(verdict));
      if (verdict.ok && options.file !== undefined && options.jwks === undefined)
        complain('Signed by keys that stand in the file itself: that proves no origin. Say --jwks with keys that you kept, or --head.');
      process.exitCode = verdict.ok ? 0 : 1;
    });
}

function verifyThere({ data, jwks, head }: VerifyOptions): Promise<AuditVerdict> {
  return withDatabase(data, async (db) => verifyDatabase(db, await evidenceKeys(db, jwks), head));
}

async function verifyFile({ jwks, head }: VerifyOptions, file: string): Promise<AuditVerdict> {
  return verifySegment(await openSegment(file), jwks === undefined ? undefined : keptKeys(jwks), head);
}

function sentence(verdict: AuditVerdict): string {
  if (!verdict.ok) return `BROKEN at place ${verdict.finding.seq} (${verdict.finding.kind}): ${verdict.finding.what}`;
  const { from, through, checkpoints, hash } = verdict;
  if (through < from) return `Sound, and empty: nothing after place ${through}.`;
  return `Sound: places ${from} to ${through}, ${checkpoints} signed checkpoint${checkpoints === 1 ? '' : 's'}. Head ${through}:${hash}`;
}

function headCommand(): Command {
  return new Command('head')
    .description('print the head of the chain, to be kept elsewhere')
    .option('--data <folder>', 'data folder of the development stack', 'data')
    .option('--json', 'print JSON, with the last signed checkpoint')
    .addHelpText('after', `\n${PLACE}\n\n  $ cs audit head >> kept-elsewhere.txt\n`)
    .action(({ data, json }: { data: string; json?: boolean }) =>
      withDatabase(data, async (db) => {
        const head = await readAuditHead(db);
        if (json !== true) return printText(`${head.seq}:${head.hash}`);
        printJson({ ...head, checkpoint: (await readLastCheckpoint(db)) ?? null });
      }),
    );
}

function exportCommand(): Command {
  return new Command('export')
    .description('write the rows up to the last checkpoint at or before a place or a time to a segment file')
    .requiredOption('--through <seq|date>', 'a place in the chain, or a time like 2026-12-31T23:59:59Z', toThrough)
    .requiredOption('--out <file>', 'the segment file; must not exist')
    .option('--data <folder>', 'data folder of the development stack', 'data')
    .addHelpText('after', `\n${PLACE}\n\n  $ cs audit export --through 2026-12-31T23:59:59Z --out 2026.ndjson\n`)
    .action(({ through, out, data }: { through: number | Date; out: string; data: string }) =>
      withDatabase(data, async (db) => {
        const held = await exportSegment(db, through, out);
        printText(`Wrote places ${held.start + 1} to ${held.through} to ${out}. Verify it with: cs audit verify --file ${out}`);
      }),
    );
}

function dropCommand(): Command {
  return new Command('drop')
    .description('drop exactly the rows that an exported segment holds (needs the URL of the owner of the tables)')
    .requiredOption('--segment <file>', 'file made by cs audit export')
    .option('--jwks <file>', 'evidence keys that were kept elsewhere; without it those of the database')
    .option('--data <folder>', 'data folder of the development stack', 'data')
    .addHelpText('after', `\n${PLACE}\n\n  $ CS_DATABASE_URL_FILE=/run/secrets/owner-url cs audit drop --segment 2026.ndjson\n`)
    .action(({ segment, jwks, data }: { segment: string; jwks?: string; data: string }) =>
      withDatabase(data, async (db) => {
        const keys = await evidenceKeys(db, jwks);
        const went = await dropSegment(db, databaseUrlOf(data), segment, keys, operatorName());
        printText(`Dropped ${went} audit rows that ${segment} holds. Keep the file.`);
      }),
    );
}

function toPlace(text: string): ChainPlace {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined)
    throw new InvalidArgumentError('a head is <place>:<64 hex digits>, as cs audit head prints it');
  return { seq: Number(seq), hash };
}

function toThrough(text: string): number | Date {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('a place (a whole number) or a time like 2026-12-31T23:59:59Z');
  return time;
}
