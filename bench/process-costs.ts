import { readdirSync, readFileSync } from 'node:fs';

/** CPU milliseconds by name of a process. */
export type CpuMs = Readonly<Record<string, number>>;

/** USER_HZ: 100 on every Linux that Node runs on. */
const MS_A_TICK = 10;

interface ProcessTimes {
  parent: number;
  ticks: number;
}

/**
 * CPU time so far of each process with all its descendants, from /proc. Ended and reaped descendants are in their parent's cutime and
 * cstime, so PostgreSQL's closed sessions count; one that was not reaped yet is missed. Ticks of 10 ms a process.
 */
export function cpuSoFar(pids: Readonly<Record<string, number>>): CpuMs {
  const all = allProcesses();
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => [name, ticksOfTree(all, pid, new Set(Object.values(pids))) * MS_A_TICK]),
  );
}

/** CPU time that the whole machine has spent on anything, in milliseconds; what is not ours in it is other people's. */
export function machineBusyMs(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? '')
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq) * MS_A_TICK;
}

export function difference(before: CpuMs, after: CpuMs): CpuMs {
  return Object.fromEntries(Object.entries(after).map(([name, ms]) => [name, ms - (before[name] ?? 0)]));
}

export interface Memory {
  /** Resident set now and at its highest, in MB (10^6 octets). */
  nowMb: number;
  highestMb: number;
}

export function memoryOf(pid: number): Memory | undefined {
  const status = readOrNothing(`/proc/${pid}/status`);
  const megabytes = (field: string) => (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1_024) / 1e6;
  return status === '' ? undefined : { nowMb: megabytes('VmRSS'), highestMb: megabytes('VmHWM') };
}

function allProcesses(): Map<number, ProcessTimes> {
  const found = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readOrNothing(`/proc/${name}/stat`) : '';
    if (stat !== '') found.set(Number(name), timesOf(stat));
  }
  return found;
}

/** proc(5): after the name in brackets come state, ppid, …; utime, stime, cutime and cstime are the fields 14 to 17. */
function timesOf(stat: string): ProcessTimes {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
  return { parent: fields[1] ?? 0, ticks: utime + stime + cutime + cstime };
}

/** Without those that are counted under their own name: an own stack is a child of the client. */
function ticksOfTree(all: ReadonlyMap<number, ProcessTimes>, pid: number, named: ReadonlySet<number>): number {
  const own = all.get(pid)?.ticks ?? 0;
  const children = [...all].filter(([child, { parent }]) => parent === pid && !named.has(child)).map(([child]) => child);
  return children.reduce((sum, child) => sum + ticksOfTree(all, child, named), own);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
