import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { calculateJwkThumbprint, compactDecrypt } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import { Search } from '../../canary/search.ts';
import { memoryOf } from '../../rig/process-memory.ts';

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
    const search = new Search(scalars.map((octets, i) => ({ name: String(i), octets })));
    await search.readAll(memoryOf(child.pid ?? 0));
    return search.found.size;
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
});
