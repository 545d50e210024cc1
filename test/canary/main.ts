import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CanaryReport, runCanary } from './run-canary.ts';

const EVIDENCE = fileURLToPath(new URL('../../docs/evidence/canary.json', import.meta.url));

/* `npm run canary`: the search for residue as a table, written to docs/evidence/canary.json with --write. Exit code 1 on a leak or a plant that was missed. */
const report = await runCanary({ say: (sentence) => process.stderr.write(`· ${sentence}\n`) });
process.stdout.write(`${table(report)}\n`);
for (const leak of report.leaks) process.stdout.write(`LEAK    ${leak}\n`);
for (const missed of report.missed) process.stdout.write(`MISSED  ${missed}\n`);
process.stdout.write(`sealed keys in live rows after the acknowledgement: ${report.sealedInRows}\n`);
if (process.argv.includes('--write')) writeFileSync(EVIDENCE, `${JSON.stringify({ at: new Date().toISOString(), ...report }, null, 2)}\n`);
process.exitCode = report.leaks.length + report.missed.length + report.sealedInRows === 0 ? 0 : 1;

/** A line a place: what was searched, plants found, secrets found where they may be. */
function table({ rows }: CanaryReport): string {
  return rows
    .map(({ place, octets, cells }) => {
      const planted = cells.filter(({ secret }) => secret.startsWith('planted: '));
      const found = planted.filter((cell) => Object.keys(cell.found).length > 0).length;
      const own = cells.filter((cell) => !cell.secret.startsWith('planted: ') && Object.keys(cell.found).length > 0);
      const words = own.map(({ secret, found: forms, expected }) => `${expected ? '' : '!! '}${secret} ×${sum(forms)}`).join(', ') || 'nothing';
      return `${place.padEnd(36)} ${(octets / 1e6).toFixed(1).padStart(8)} MB  plants ${found}/${planted.length}  ${words}`;
    })
    .join('\n');
}

function sum(forms: Readonly<Record<string, number>>): number {
  return Object.values(forms).reduce((total, count) => total + count, 0);
}
