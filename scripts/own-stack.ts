import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anyPorts } from '../cli/dev/any-ports.ts';
import { attachment, type DevJson } from '../cli/dev/dev-json.ts';
import { startStack } from '../cli/dev/stack.ts';

export interface OwnStack {
  readonly dev: DevJson;
  stop(): Promise<void>;
}

/** Attaches to the development stack of a data folder, or starts one on free ports that is deleted at the end. */
export async function ownStack(data: string | undefined, settings: Record<string, string>): Promise<OwnStack> {
  if (data !== undefined) return { dev: attachment(data), stop: async () => undefined };
  const folder = mkdtempSync(join(tmpdir(), 'cs-script-'));
  chmodSync(folder, 0o711); // PostgreSQL's own user must pass
  const discard = () => rmSync(folder, { recursive: true, force: true });
  const say = (sentence: string) => console.error(`· ${sentence}`);
  try {
    const ports = await anyPorts();
    const stack = await startStack({ dataFolder: join(folder, 'stack'), ports, say, signal: new AbortController().signal, settings });
    return { dev: stack.dev, stop: () => stack.stop().then(discard) };
  } catch (error) {
    discard();
    throw error;
  }
}
