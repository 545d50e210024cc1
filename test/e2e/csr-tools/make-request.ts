import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { bouncyCastleFolder, pythonFolder } from '../../../scripts/prepare-csr-tools.ts';
import { ROOT } from '../../architecture/source-files.ts';
import type { CsrTool } from './csr-tools-page.ts';

/** Programs of a second need no optimising compiler. */
const SHORT_LIVED = { JAVA_TOOL_OPTIONS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' };

export interface MadeRequest {
  request: string;
  /** What the tool writes by itself, where that is not enough. */
  plain: string | undefined;
}

/** Writes the files of the page into a folder of their own and runs its commands there. */
export async function makeRequest(
  tool: CsrTool,
  { challenge, thumbprint }: { challenge: string; thumbprint: string },
): Promise<MadeRequest> {
  const folder = mkdtempSync(join(tmpdir(), 'cs-csr-tool-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const { name, content } of tool.files) writeFileSync(join(folder, name), content);
  const path = [...(tool.name === 'Python cryptography' ? [pythonFolder()] : []), process.env['PATH'] ?? ''].join(delimiter);
  const env = { ...process.env, PATH: path, CHALLENGE: challenge, THUMBPRINT: thumbprint, BC: bouncyCastleFolder(), ...SHORT_LIVED };
  const { code, said } = await run(tool.commands, folder, env);
  if (code !== 0) throw new Error(`docs/csr-tools.md, ${tool.name}: ${said}`);
  const plain = join(folder, 'plain.pem');
  return { request: readFileSync(join(folder, 'request.pem'), 'utf8'), plain: existsSync(plain) ? readFileSync(plain, 'utf8') : undefined };
}

function run(commands: string, cwd: string, env: NodeJS.ProcessEnv): Promise<{ code: number | null; said: string }> {
  const child = spawn('sh', ['-eu', '-c', commands], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done({ code, said }));
  });
}
