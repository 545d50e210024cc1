import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

const PIECE = 8 * 1024 * 1024;

/**
 * Writable memory of a process and of its children, in pieces; what they share is read once. Only Linux lets us, and only as the same
 * user or root.
 */
export function* memoryOf(pid: number): Generator<Buffer> {
  yield* writableMemory(pid, /^([0-9a-f]+)-([0-9a-f]+) rw/);
  for (const child of childrenOf(pid)) yield* writableMemory(child, /^([0-9a-f]+)-([0-9a-f]+) rw.p/);
}

function* writableMemory(pid: number, mapping: RegExp): Generator<Buffer> {
  const memory = openOrNothing(`/proc/${pid}/mem`);
  if (memory === undefined) return;
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from = '', to = ''] = mapping.exec(line) ?? [];
      if (from !== '') yield* region(memory, Number.parseInt(from, 16), Number.parseInt(to, 16));
    }
  } finally {
    closeSync(memory);
  }
}

function* region(memory: number, from: number, to: number): Generator<Buffer> {
  for (let at = from; at < to; at += PIECE) {
    const buffer = Buffer.alloc(Math.min(PIECE, to - at));
    yield buffer.subarray(0, readSomething(memory, buffer, at));
  }
}

/** A region may be gone since it was listed, or reserved and never used. */
function readSomething(memory: number, buffer: Buffer, at: number): number {
  try {
    return readSync(memory, buffer, 0, buffer.length, at);
  } catch {
    return 0;
  }
}

/** A backend of PostgreSQL may have ended meanwhile. */
function openOrNothing(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

function childrenOf(parent: number): number[] {
  const own = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === parent)
    .map(Number);
  return own.flatMap((pid) => [pid, ...childrenOf(pid)]);
}

function parentOf(pid: number): number | undefined {
  try {
    const [, ppid] = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return Number(ppid);
  } catch {
    return undefined;
  }
}
