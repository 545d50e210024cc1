import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Evidence } from '../../scripts/evidence-form.ts';
import { type CanaryCell, type CanaryReport, type CanaryRow, runCanary } from './run-canary.ts';

const EVIDENCE = fileURLToPath(new URL('../../docs/evidence/canary.json', import.meta.url));

/* `npm run canary`: the search for residue as a table; --write keeps it for docs/evidence.md. Exit code 1 on a leak or a missed plant. */
const report = await runCanary({ say: (sentence) => process.stderr.write(`· ${sentence}\n`) });
const evidence = toEvidence(report);
for (const { place, octets, cells } of report.rows)
  process.stdout.write(`${place.padEnd(36)} ${megabytes(octets).padStart(8)} MB  plants ${plantsFound(cells)}  ${secretsFound(cells)}\n`);
for (const leak of report.leaks) process.stdout.write(`LEAK    ${leak}\n`);
for (const missed of report.missed) process.stdout.write(`MISSED  ${missed}\n`);
for (const { what, found } of evidence.facts) process.stdout.write(`${what}: ${found}\n`);
if (process.argv.includes('--write')) {
  mkdirSync(dirname(EVIDENCE), { recursive: true });
  writeFileSync(EVIDENCE, `${JSON.stringify(evidence, null, 2)}\n`);
}
process.exit(report.leaks.length + report.missed.length + report.sealedInRows === 0 ? 0 : 1);

function toEvidence({ rows, leaks, missed, sealedInRows }: CanaryReport): Evidence {
  const hash = rows.find(({ place }) => place === 'memory of api')?.cells.find(({ secret }) => secret === 'PIN hash');
  return {
    title: 'No residue: the search for secrets',
    command: 'npm run canary',
    at: new Date().toISOString(),
    machine: `${cpus().length} cores, Node ${process.versions.node}`,
    facts: [
      { what: 'searched', found: `${megabytes(rows.reduce((sum, { octets }) => sum + octets, 0))} MB in ${rows.length} places` },
      { what: 'secrets found where they must not be', found: String(leaks.length), wanted: '0' },
      { what: 'planted values missed', found: String(missed.length), wanted: '0' },
      { what: 'sealed keys in live rows after the acknowledgement', found: String(sealedInRows), wanted: '0' },
      { what: 'copies of the PIN hash in the memory of the API, seconds after its use', found: String(sum(hash)), wanted: 'measured' },
    ],
    tables: [{ title: 'By place', head: ['place', 'MB', 'plants found', 'secrets found'], rows: rows.map(toCells) }],
    gaps: [
      'Traces: this release makes none.',
      'Swap and core files: turned off by the deployment, not searched.',
      'A sealed key stays in the database files and the write-ahead log until PostgreSQL writes over it; it opens only with the delivery key of the device.',
    ],
  };
}

function toCells({ place, octets, cells }: CanaryRow): string[] {
  return [place, megabytes(octets), plantsFound(cells), secretsFound(cells)];
}

function plantsFound(cells: readonly CanaryCell[]): string {
  const planted = cells.filter(({ secret }) => secret.startsWith('planted: '));
  return planted.length === 0 ? '-' : `${planted.filter((cell) => sum(cell) > 0).length} of ${planted.length}`;
}

function secretsFound(cells: readonly CanaryCell[]): string {
  const found = cells.filter((cell) => !cell.secret.startsWith('planted: ') && sum(cell) > 0);
  return found.map((cell) => `${cell.expected ? '' : 'LEAK '}${cell.secret} ×${sum(cell)}`).join(', ') || 'none';
}

function sum(cell: CanaryCell | undefined): number {
  return Object.values(cell?.found ?? {}).reduce((total, count) => total + count, 0);
}

function megabytes(octets: number): string {
  return (octets / 1e6).toFixed(1);
}
