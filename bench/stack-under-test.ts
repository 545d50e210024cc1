import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { anyPorts } from '../cli/dev/any-ports.ts';
import { attachment, type DevJson } from '../cli/dev/dev-json.ts';

import { startStack } from '../cli/dev/stack.ts';
import { readKeyRing } from '../config/key-ring-file.ts';
import type { KeyRing } from '../core/key-ring.ts';

export interface StackUnderTest {
  dev: DevJson;
  /** Keys of the payload codec and of the PIN salts, read from the development stack's own files. */
  codecKeys: KeyRing;
  saltKeys: KeyRing;
  /** A folder for our own files, deleted with `stop`. */
  scratch: string;
  stop(): Promise<void>;
}

/** Attaches to a running development stack, or starts one on free ports in a temporary folder. */
export async function stackUnderTest(data: string | undefined, say: (sentence: string) => void): Promise<StackUnderTest> {
  const scratch = mkdtempSync(join(tmpdir(), 'cs-bench-'));
  chmodSync(scratch, 0o711); // PostgreSQL's own user must pass
  const discard = () => rmSync(scratch, { recursive: true, force: true });
  try {
    if (data !== undefined) return { ...keysOf(attachment(folderOf(data))), scratch, stop: async () => discard() };
    const stack = await startStack({
      dataFolder: join(scratch, 'stack'),
      ports: await anyPorts(),
      say,
      signal: new AbortController().signal,
    });
    return { ...keysOf(stack.dev), scratch, stop: () => stack.stop().then(discard) };
  } catch (error) {
    discard();
    throw error;
  }
}

function folderOf(data: string): string {
  const path = resolve(data);
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? dirname(path) : path;
}

function keysOf(dev: DevJson): Pick<StackUnderTest, 'dev' | 'codecKeys' | 'saltKeys'> {
  const ring = (name: string): KeyRing => readKeyRing(dev.environments['api']?.[name] ?? '');
  return { dev, codecKeys: ring('CS_CODEC_KEYS_FILE'), saltKeys: ring('CS_PIN_SALT_KEYS_FILE') };
}
