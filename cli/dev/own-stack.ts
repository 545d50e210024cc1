import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { complain } from '../print.ts';
import { anyPorts } from './any-ports.ts';
import { attachment, type DevJson } from './dev-json.ts';
import { discardData } from './discard-data.ts';
import { startStack } from './stack.ts';

export interface OwnStack {
  readonly dev: DevJson;
  /** A folder for files of whoever asked, deleted with `stop`. */
  readonly scratch: string;
  stop(): Promise<void>;
}

/**
 * Attaches to the development stack of a data folder (or of its dev.json), or starts one on free ports, with these settings on top of those
 * of development, that is deleted with `stop`. Tells on stderr what it does.
 */
export async function ownStack(data: string | undefined, settings: Readonly<Record<string, string>> = {}): Promise<OwnStack> {
  const scratch = mkdtempSync(join(tmpdir(), 'cs-stack-'));
  chmodSync(scratch, 0o711); // PostgreSQL's own user must pass
  const say = (sentence: string) => complain(`· ${sentence}`);
  const discard = () => {
    discardData(join(scratch, 'stack'));
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    if (data !== undefined) return { dev: attachment(folderOf(data)), scratch, stop: async () => discard() };
    const ports = await anyPorts();
    const stack = await startStack({ dataFolder: join(scratch, 'stack'), ports, say, signal: new AbortController().signal, settings });
    return { dev: stack.dev, scratch, stop: () => stack.stop().then(discard) };
  } catch (error) {
    discard();
    throw error;
  }
}

function folderOf(data: string): string {
  const path = resolve(data);
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? dirname(path) : path;
}
