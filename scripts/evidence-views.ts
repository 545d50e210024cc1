import { z } from 'zod';
import type { Evidence } from './evidence-form.ts';

/** From what a script measured, as it writes it, to what the page shows: one view a file. */
export const EVIDENCE_VIEWS: Readonly<Record<string, (raw: unknown) => Evidence>> = {
  'audit-ceiling.json': auditCeiling,
  'drain.json': drain,
  'faults.json': faults,
};

const machine = z.object({ cores: z.number(), load: z.number(), node: z.string() });

function machineLine({ cores, load, node }: z.infer<typeof machine>): string {
  return `${cores} cores, load ${load.toFixed(1)}, Node ${node.replace(/^v/, '')}`;
}

const ceilingFile = z.object({
  at: z.string(),
  machine,
  best: z.array(z.object({ connections: z.number(), withChain: z.number(), withoutChain: z.number() })),
});

function auditCeiling(raw: unknown): Evidence {
  const { at, machine: on, best } = ceilingFile.parse(raw);
  const most = Math.max(...best.map(({ withChain }) => withChain));
  return {
    title: 'The ceiling of the audit chain',
    command: 'node --import tsx bench/audit-ceiling.ts',
    at,
    machine: machineLine(on),
    facts: [{ what: 'audited transactions a second, at the most', found: String(most), wanted: 'measured' }],
    tables: [
      {
        title: 'One audit row a transaction, fsync on',
        head: ['connections', 'with the chain', 'without', 'ratio'],
        rows: best.map(({ connections, withChain, withoutChain }) =>
          [connections, withChain, withoutChain, (withChain / withoutChain).toFixed(2)].map(String),
        ),
      },
    ],
  };
}

const counts = z.record(z.string(), z.unknown());

const phase = z.object({
  runs: z.number(),
  faults: z.number(),
  enrollments: z.number(),
  wanted: z.number(),
  completed: z.number(),
  ends: counts,
  doubled: z.number(),
  lost: z.number(),
  unexplained: z.number(),
  other: z.number(),
  notReached: z.number(),
  manualRestarts: z.number(),
  slowestRecoveryMs: z.number(),
  medianRecoveryMs: z.number(),
});
type Phase = z.infer<typeof phase>;
const faultFile = z.object({
  at: z.string(),
  machine,
  seconds: z.number(),
  seed: z.number(),
  points: phase.optional(),
  random: phase.optional(),
  findings: z.array(z.unknown()),
  runs: z.array(
    z.object({ point: z.string(), process: z.string(), fault: z.string(), devices: z.string(), recoveryMs: z.number().nullable() }),
  ),
});

function faults(raw: unknown): Evidence {
  const { at, machine: on, seconds, seed, points, random, findings, runs } = faultFile.parse(raw);
  return {
    title: 'Exactly once, under faults',
    command: 'npm run faults',
    at,
    machine: `${machineLine(on)}; ${seconds} s, seed ${seed}`,
    facts: [
      ...(points === undefined ? [] : phaseFacts('at every named point', points)),
      ...(random === undefined ? [] : phaseFacts('at random', random)),
      { what: 'findings of the checker', found: String(findings.length), wanted: '0' },
    ],
    tables: [
      {
        title: 'Runs at points',
        head: ['point', 'process', 'fault', 'devices', 'recovery, ms'],
        rows: runs.map(({ point, process, fault, devices, recoveryMs }) => [point, process, fault, devices, String(recoveryMs ?? '-')]),
      },
    ],
  };
}

function phaseFacts(name: string, found: Phase): Evidence['facts'] {
  const fact = (what: string, value: number, wanted?: string) => ({
    what: `${name}: ${what}`,
    found: String(value),
    ...(wanted === undefined ? {} : { wanted }),
  });
  return [
    fact('runs', found.runs),
    fact('faults', found.faults),
    fact('runs whose point was not reached', found.notReached, '0'),
    fact('devices', found.enrollments),
    { what: `${name}: how they ended`, found: words(found.ends) },
    fact('devices whose user went on to the end', found.wanted),
    fact('of them completed', found.completed, String(found.wanted)),
    fact('doubled', found.doubled, '0'),
    fact('lost', found.lost, '0'),
    fact('unexplained by the timeline', found.unexplained, '0'),
    fact('breaches of other rules', found.other, '0'),
    fact('manual restarts', found.manualRestarts, '0'),
    fact('slowest recovery, ms', found.slowestRecoveryMs),
    fact('median recovery, ms', found.medianRecoveryMs),
  ];
}

const drainFile = z.object({
  at: z.string(),
  machine,
  drained: z.array(z.object({ part: z.string(), endedMs: z.number(), readyAgainMs: z.number(), requests: counts })),
  requests: counts,
  enrollments: counts,
  rows: z.array(z.object({ state: z.string(), n: z.number(), doubled: z.number() })),
});

function drain(raw: unknown): Evidence {
  const { at, machine: on, drained, requests, enrollments, rows } = drainFile.parse(raw);
  return {
    title: 'Stopping under load',
    command: 'npm run drain',
    at,
    machine: machineLine(on),
    facts: [
      { what: 'requests on kept connections', found: words(requests) },
      { what: 'enrollments meanwhile', found: words(enrollments) },
      {
        what: 'enrollments with more than two certificates',
        found: String(rows.reduce((sum, { doubled }) => sum + doubled, 0)),
        wanted: '0',
      },
    ],
    tables: [
      {
        title: 'SIGTERM to each process',
        head: ['process', 'ended after, ms', 'a new one ready after, ms', 'requests meanwhile'],
        rows: drained.map(({ part, endedMs, readyAgainMs, requests: meanwhile }) => [
          part,
          String(endedMs),
          String(readyAgainMs),
          words(meanwhile),
        ]),
      },
    ],
  };
}

function words(found: Readonly<Record<string, unknown>>): string {
  return Object.entries(found)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
