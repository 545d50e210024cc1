import type { HistorySizes } from './history-sizes.ts';
import type { Percentiles, Spread } from './percentiles.ts';
import type { Summary } from './summary.ts';

/** The tables, as text. */
export function printSummary(summary: Summary): string {
  const { machine, kinds, idle, memory, certificates, targets, insideTheClock } = summary;
  return [
    `${machine.cores} cores, Node ${machine.node}, load ${machine.loadBefore.toFixed(1)} before and ${machine.loadAfter.toFixed(1)} after; ${JSON.stringify(summary.options)}`,
    insideTheClock,
    rateTable(summary),
    section('Rate divided by the no-op rate of the same round; in brackets the same by CPU cost alone', [
      ['kind', ...Object.keys(kinds.find(({ ratios }) => Object.keys(ratios).length > 0)?.ratios ?? {})],
      ...kinds
        .filter(({ ratios }) => Object.keys(ratios).length > 0)
        .map((k) => [k.name, ...Object.values(k.ratios).map((r) => `${spread(r, 2)} [${r.cpuBound.toFixed(2)}]`)]),
    ]),
    section('Steps, p50 / p95 / p99 in ms', [
      ['kind', ...stepNames(summary)],
      ...kinds
        .filter(({ stepMs }) => 'csr' in stepMs)
        .map((k) => [k.name, ...stepNames(summary).map((name) => percentilesOf(k.stepMs[name]))]),
    ]),
    section('Idle, one at a time, p50 / p95 / p99 in ms', [
      ['key type', 'n', 'CSR → credentials', 'all calls'],
      ...idle.map((i) => [i.keyType, String(i.count), percentilesOf(i.csrMs), percentilesOf(i.totalMs)]),
    ]),
    section('CPU ms of one enrollment', [
      ['kind', ...cpuNames(summary), 'all'],
      ...kinds.map((k) => [k.name, ...cpuNames(summary).map((name) => (k.cpuMs[name] ?? 0).toFixed(1)), total(k.cpuMs)]),
    ]),
    section('Memory in MB', [
      ['process', 'now', 'highest'],
      ...Object.entries(memory).map(([name, m]) => [name, m.nowMb.toFixed(0), m.highestMb.toFixed(0)]),
    ]),
    ...kinds.flatMap(({ name, history }) => (history === undefined ? [] : [historyTable(name, history)])),
    `${certificates.checked} certificates checked with ${certificates.verifier}: ${certificates.refused.length === 0 ? 'all good' : `${certificates.refused.length} REFUSED\n${certificates.refused.join('\n')}`}`,
    section('Targets', [['', 'target', 'wanted', 'found'], ...targets.map((t) => [t.met ? 'met' : 'MISSED', t.what, t.wanted, t.found])]),
  ].join('\n\n');
}

function rateTable({ kinds }: Summary): string {
  return section('Rate (median, least–most of the rounds) and latency in ms', [
    ['kind', 'n', 'rate/s', 'CPU-bound rate/s', 'p50', 'p95', 'p99', 'device ms', 'cores busy with others'],
    ...kinds.map((k) => [
      k.name,
      String(k.enrollments),
      spread(k.rate, 1),
      k.cpuBoundRate.toFixed(1),
      ...threeOf(k.totalMs),
      k.deviceMs.toFixed(1),
      spread(k.othersCores, 2),
    ]),
  ]);
}

function historyTable(name: string, { sample, events, octets, byType }: HistorySizes): string {
  return section(
    `History of ${name} (${sample} looked at): ${events.mean.toFixed(1)} events (most ${events.most}), ${octets.mean.toFixed(0)} octets (most ${octets.most})`,
    [['event', 'count', 'octets'], ...byType.map((row) => [row.type, row.events.toFixed(1), row.octets.toFixed(0)])],
  );
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return [title, ...rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())].join('\n');
}

function stepNames({ kinds }: Summary): string[] {
  return [...new Set(kinds.flatMap(({ stepMs }) => Object.keys(stepMs)))];
}

function cpuNames({ kinds }: Summary): string[] {
  return [...new Set(kinds.flatMap(({ cpuMs }) => Object.keys(cpuMs)))];
}

function total(cpuMs: Readonly<Record<string, number>>): string {
  return Object.values(cpuMs)
    .reduce((sum, ms) => sum + ms, 0)
    .toFixed(1);
}

function spread({ median, least, most }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

function percentilesOf(found: Percentiles | undefined): string {
  return found === undefined ? '–' : threeOf(found).join(' / ');
}

function threeOf({ p50, p95, p99 }: Percentiles): [string, string, string] {
  return [p50.toFixed(0), p95.toFixed(0), p99.toFixed(0)];
}
