import type { KindSummary, Summary, Target } from './summary.ts';

const RATIO = 0.75;
const IDLE_MS = 200;
const EVENTS = 40;
const OCTETS = 16_384;
const MEGABYTES = 400;
/** The kind that the targets are about: P-256 and a present PIN. */
const JUDGED = 'EC:P-256 verify';

/** What was asked for, beside what was found. A target whose kind did not run is not listed. */
export function judgeTargets({ kinds, idle, memory }: Pick<Summary, 'kinds' | 'idle' | 'memory'>): Target[] {
  const judged = kinds.find(({ name }) => name === JUDGED);
  return [...(judged === undefined ? [] : targetsOfKind(judged)), ...idleTarget(idle), ...memoryTargets(memory)];
}

function targetsOfKind({ ratios, history }: KindSummary): Target[] {
  const rates = Object.entries(ratios).map(([noop, { median, least, most, cpuBound }]) => ({
    what: `${JUDGED}: rate / rate of ${noop}`,
    wanted: `≥ ${RATIO}`,
    found: `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)}); by CPU ${cpuBound.toFixed(2)}`,
    met: median >= RATIO,
  }));
  if (history === undefined) return rates;
  const { events, octets } = history;
  return [
    ...rates,
    {
      what: 'history events of an enrollment',
      wanted: `≤ ${EVENTS}`,
      found: `${events.mean.toFixed(1)}, at most ${events.most}`,
      met: events.most <= EVENTS,
    },
    {
      what: 'history octets of an enrollment',
      wanted: `≤ ${OCTETS}`,
      found: `${octets.mean.toFixed(0)}, at most ${octets.most}`,
      met: octets.most <= OCTETS,
    },
  ];
}

function idleTarget(idle: Summary['idle']): Target[] {
  return idle
    .filter(({ keyType }) => keyType === 'EC:P-256')
    .map(({ csrMs: { p50 } }) => ({
      what: 'CSR → credentials, idle, p50',
      wanted: `< ${IDLE_MS} ms`,
      found: `${p50.toFixed(0)} ms`,
      met: p50 < IDLE_MS,
    }));
}

function memoryTargets(memory: Summary['memory']): Target[] {
  return ['api', 'worker', 'issuer'].flatMap((name) => {
    const found = memory[name];
    if (found === undefined) return [];
    const { nowMb, highestMb } = found;
    return [
      {
        what: `memory of ${name}`,
        wanted: `< ${MEGABYTES} MB`,
        found: `${nowMb.toFixed(0)} MB, highest ${highestMb.toFixed(0)}`,
        met: highestMb < MEGABYTES,
      },
    ];
  });
}
