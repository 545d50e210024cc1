import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { type Lifeline, startWithLifeline } from '../../cli/dev/lifeline.ts';
import { read } from '../deploy/compose.ts';

export interface UiWishes {
  readonly program: string;
  readonly folder: string;
  readonly port: number;
  readonly temporal: string;
  readonly issuer: string;
  /** How the browser reaches the codec server. */
  readonly endpoint: string;
  readonly passAccessToken: boolean;
}

const START_MS = 60_000;
const EXAMPLE = z.looseObject({ codec: z.looseObject({}), auth: z.looseObject({ providers: z.array(z.looseObject({})).length(1) }) });

/** The Temporal UI with deploy/temporal/ui.example.yaml, its sign-in switched on as the comment there says, and other addresses. */
export async function startUi(wishes: UiWishes): Promise<Lifeline> {
  const { program, folder, port } = wishes;
  mkdirSync(join(folder, 'config'), { recursive: true });
  writeFileSync(join(folder, 'config', 'docker.yaml'), stringify(configuration(wishes)));
  const logFile = join(folder, 'ui.log');
  const ui = startWithLifeline(program, ['--root', folder, '--config', 'config', '--env', 'docker', 'start'], { logFile });
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(100)) if (await answers(port)) return ui;
  await ui.stop(0);
  throw new Error(`The Temporal UI does not answer at port ${port}; see ${logFile}`);
}

function configuration({ port, temporal, issuer, endpoint, passAccessToken }: UiWishes): object {
  const { tls: _, ...example } = EXAMPLE.parse(parse(withSignIn(read('deploy/temporal/ui.example.yaml'))));
  const origin = `http://localhost:${port}`;
  const [provider] = example.auth.providers;
  return {
    ...example,
    host: '127.0.0.1',
    port,
    temporalGrpcAddress: temporal,
    defaultNamespace: 'default',
    cors: { allowOrigins: [origin] },
    codec: { ...example.codec, endpoint, passAccessToken },
    auth: {
      ...example.auth,
      providers: [{ ...provider, providerUrl: issuer, callbackUrl: `${origin}/auth/sso/callback` }],
    },
  };
}

function withSignIn(text: string): string {
  const [plain = '', commented = ''] = text.split(/^auth:\n {2}enabled: false\n# With sign-in: .*\n/m);
  return plain + commented.replaceAll(/^# /gm, '');
}

async function answers(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
  return answer?.status === 200;
}
