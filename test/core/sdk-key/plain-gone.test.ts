import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { calculateJwkThumbprint, compactDecrypt } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';

/** Looks into the memory of another process for private keys that it made; only Linux lets us. */
describe.skipIf(process.platform !== 'linux')('private keys in the memory of a process', () => {
  const delivery = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const children: ChildProcess[] = [];
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => (child.stdin?.end(), once(child, 'exit'))));
  });

  test('that were made carelessly are found: the search can find', async () => {
    expect(await keysFound('careless')).toBe(5);
  });

  test('that the thread made are not found once it has exited', async () => {
    expect(await keysFound('thread')).toBe(0);
  });

  async function keysFound(how: 'careless' | 'thread'): Promise<number> {
    const child = await startHolder(how);
    const scalars = await Promise.all((await sealedKeysOf(child)).map(scalarOf));
    expect(scalars).toHaveLength(5);
    const found = new Set<number>();
    for (const memory of writableMemory(child.pid ?? 0)) {
      for (const [i, scalar] of scalars.entries()) if (traces(scalar).some((trace) => memory.includes(trace))) found.add(i);
    }
    return found.size;
  }

  async function startHolder(how: string): Promise<ChildProcess> {
    const jwk = createPublicKey(delivery).export({ format: 'jwk' });
    const kid = await calculateJwkThumbprint(jwk);
    const holder = fileURLToPath(new URL('./key-holder.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', holder, how, jwk.x ?? '', jwk.y ?? '', kid], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  }

  async function sealedKeysOf(child: ChildProcess): Promise<string[]> {
    const sealed: string[] = [];
    if (child.stdout === null) return sealed;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === '') break;
      sealed.push(line);
    }
    return sealed;
  }

  async function scalarOf(sealed: string): Promise<Buffer> {
    const key = Buffer.from((await compactDecrypt(sealed, delivery)).plaintext);
    return Buffer.from(createPrivateKey({ key, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' }).d ?? '', 'base64url');
  }

  /** As in PKCS#8, and as the limbs of a big number on a little-endian machine. */
  function traces(scalar: Buffer): Buffer[] {
    return [scalar, Buffer.from(scalar.toReversed())];
  }

  function* writableMemory(pid: number): Generator<Buffer> {
    const memory = openSync(`/proc/${pid}/mem`, 'r');
    try {
      for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
        const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
        if (from !== '') yield* regionOf(memory, Number.parseInt(from, 16), Number.parseInt(to, 16));
      }
    } finally {
      closeSync(memory);
    }
  }

  /** In pieces that overlap by more than a key. */
  function* regionOf(memory: number, from: number, to: number): Generator<Buffer> {
    const [piece, overlap] = [8 * 1024 * 1024, 64];
    for (let at = from; at < to; at += piece) {
      const buffer = Buffer.alloc(Math.min(piece + overlap, to - at));
      yield buffer.subarray(0, readSomething(memory, buffer, at));
    }
  }

  /** A region may be gone since it was listed. */
  function readSomething(memory: number, buffer: Buffer, at: number): number {
    try {
      return readSync(memory, buffer, 0, buffer.length, at);
    } catch {
      return 0;
    }
  }
});
