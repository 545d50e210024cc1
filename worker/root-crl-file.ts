import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { type CrlRefusal, judgeRootCrl, type NewRootCrl, type RootCrlContext, type RootCrlVerdict } from '../core/pki/judge-root-crl.ts';
import type { Octets } from '../core/pki/octets.ts';
import { type RootIssued, rootIssued } from '../core/pki/root-issued.ts';
import type { Check } from '../process/health-listener.ts';
import { type Database, databaseTime } from '../store/database.ts';
import { importCrl, readStoredCrl } from '../store/import-crl.ts';
import { readCaCertificates, registerIssuer } from '../store/issuers.ts';

export interface RootCrlFileDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly path: string;
  /** Certificate of the root, DER. */
  readonly root: Octets;
  /** The issuing CAs of this process. */
  readonly issuing: readonly RootIssued[];
  readonly mayLack: RootCrlContext['mayLack'];
}

export interface RootCrlFile {
  /** Looks at the file once and takes over what is newer. May be repeated; rejects only when the database fails. */
  look(): Promise<void>;
  /** What the last look found. */
  readonly check: Check;
}

/**
 * The file with the root CRL, which people replace while the process runs. A file that cannot take
 * the place of the CRL in force changes nothing: log (once a content) and readiness say which
 * file, what is wrong and what to do. A take-over is a log line and an audit row.
 */
export function rootCrlFile(deps: RootCrlFileDeps): RootCrlFile {
  let state: Awaited<ReturnType<Check['check']>> = { ok: false, detail: `root CRL file ${deps.path}: not looked at yet` };
  let told = '';
  const look = async (): Promise<void> => {
    await registerIssuer(deps.db, 'root', deps.root);
    const { content, verdict } = await judged(deps);
    const before = told;
    told = verdict.is === 'refused' ? `${verdict.refusal.kind} ${content}` : '';
    if (told !== before) tell(deps, verdict);
    state = stateOf(deps.path, verdict);
  };
  return { look, check: { name: 'root-crl-file', check: async () => state } };
}

/** `content` is a digest, to know the same content again. */
async function judged(deps: RootCrlFileDeps): Promise<{ content: string; verdict: RootCrlVerdict }> {
  const read = await readFile(deps.path).catch((error: unknown) => unreadable(error));
  if (!Buffer.isBuffer(read)) return { content: read.fault, verdict: { is: 'refused', refusal: read } };
  const content = createHash('sha256').update(read).digest('hex');
  const stored = await readStoredCrl(deps.db, 'root');
  const { root, mayLack } = deps;
  const verdict = judgeRootCrl(read, { root, stored, expiries: await expiriesOf(deps), mayLack, now: await databaseTime(deps.db) });
  if (verdict.is === 'newer') await takeOver(deps, verdict.crl, stored);
  return { content, verdict };
}

/** Also of CAs that this process no longer issues with: their entries leave the list when they have expired. */
async function expiriesOf({ db, issuing }: RootCrlFileDeps): Promise<RootCrlContext['expiries']> {
  const known = [...(await readCaCertificates(db))].map(([id, der]) => rootIssued(id, der));
  return new Map([...known, ...issuing].map(({ serial, notAfter }) => [serial, notAfter]));
}

function unreadable(error: unknown): CrlRefusal {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  return {
    kind: 'unusable',
    fault: `It cannot be read (${code}).`,
    repair: 'Put root.crl there, readable for this process; CS_ROOT_CRL_FILE names the place.',
  };
}

async function takeOver({ db, log, issuing, path: file }: RootCrlFileDeps, crl: NewRootCrl, stored: Octets | undefined): Promise<void> {
  const { number, thisUpdate, nextUpdate, der, lacks } = crl;
  const entries = crl.entries.length;
  const taken = await importCrl(db, 'root', { number, thisUpdate, nextUpdate, der, lacks, entries }, stored);
  if (!taken) return;
  const listed = crl.entries.map(({ serial, reason }) => `${serial} (${reason})`).join(', ') || 'nothing';
  const text = `root CRL ${number} taken over from ${file}, in force until ${nextUpdate.toISOString()}; it revokes ${listed}`;
  const without = lacks.length === 0 ? '' : `; no longer listed, as CS_ROOT_CRL_MAY_LACK allows: ${lacks.join(', ')}`;
  log.info({ file, crlNumber: String(number), entries }, text + without);
  const own = issuing.filter(({ serial }) => crl.entries.some((entry) => entry.serial === serial));
  for (const { id } of own) log.error({ issuerId: id }, `the root CRL revokes ${id}: this process issues nothing with it any more`);
}

function tell({ log, path: file }: RootCrlFileDeps, verdict: RootCrlVerdict): void {
  if (verdict.is === 'known') log.info({ file }, `root CRL file ${file} is in order again: it holds the CRL in force`);
  if (verdict.is === 'refused') log.warn({ file, fault: verdict.refusal.kind }, sentenceOf(file, verdict.refusal));
}

function sentenceOf(file: string, { fault, repair }: CrlRefusal): string {
  return `root CRL file ${file} is not taken over. ${fault} ${repair}`;
}

/** An older file does no harm and is what a second process sees until its copy is replaced too: a hint, and ready. */
function stateOf(file: string, verdict: RootCrlVerdict): { ok: boolean; detail?: string } {
  if (verdict.is !== 'refused') return { ok: true };
  return { ok: verdict.refusal.kind === 'older', detail: sentenceOf(file, verdict.refusal) };
}
