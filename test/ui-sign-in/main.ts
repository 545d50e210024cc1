import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { findProgram } from '../../cli/dev/find-program.ts';
import { findTemporal } from '../../cli/dev/find-temporal.ts';
import { freePort } from '../../cli/dev/free-ports.ts';
import { startTemporal } from '../../cli/dev/temporal-server.ts';
import { dataConverter } from '../../temporal/data-converter.ts';
import { testKeys } from '../rig/test-keys.ts';
import { browseHistory, type Seen, startChromium } from './browse-history.ts';
import { startCodecServers } from './codec-servers.ts';
import { startOpenidProvider } from './openid-provider.ts';
import { startUi } from './start-ui.ts';
import { findTemporalUi } from './temporal-ui.ts';

/*
 * `npm run ui-sign-in`: an operator signs in at the Temporal UI of the compose file, with Chromium and deploy/temporal/ui.example.yaml, and
 * reads an encrypted history. Last line "N passed, N failed". Without Go or Chromium a sentence, and exit code 0: nothing was shown.
 */
const AUDIENCE = 'certificate-service-operator';
const RING = `ui-1 ${Buffer.alloc(32, 1).toString('base64url')}\n`; // TEST KEY, the one of testKeys('ui-1')
const WORKFLOW = 'a-history-to-read';
const CLEAR = 'awaiting-csr-shown-to-an-operator';
const STILL_ENCRYPTED = 'encryption-key-id';

const say = (sentence: string) => void process.stderr.write(`${sentence}\n`);
const closing: Array<() => unknown> = [];
const results: boolean[] = [];
const chromium = findProgram('chromium') ?? findProgram('chromium-browser') ?? findProgram('google-chrome');
const program = chromium === undefined ? undefined : await findTemporalUi(say);
if (chromium === undefined) say('Not shown: there is no Chromium (Debian: apt-get install chromium).');
else if (program === undefined) say('Not shown: the Temporal UI is not in the cache, and Go, which builds it, is not installed.');
else
  try {
    await show(chromium, program);
    say(`${results.filter(Boolean).length} passed, ${results.filter((fine) => !fine).length} failed`);
    process.exitCode = results.length > 0 && results.every(Boolean) ? 0 : 1;
  } finally {
    for (const close of closing.toReversed()) await close();
  }

async function show(browserPath: string, uiProgram: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cs-ui-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const temporal = await startHistory(folder);
  const [port, provider] = [await freePort(), await startOpenidProvider(AUDIENCE)];
  closing.push(() => provider.stop());
  const uiOrigin = `http://localhost:${port}`;
  const codec = await startCodecServers(folder, RING, { ...provider, uiOrigin, audience: AUDIENCE });
  closing.push(() => codec.stop());
  const browser = await startChromium(browserPath, codec.certificate);
  closing.push(() => browser.close());
  const look = async (endpoint: string, passAccessToken: boolean, until: string): Promise<Seen> => {
    const ui = await startUi({ program: uiProgram, folder, port, temporal, issuer: provider.issuer, endpoint, passAccessToken });
    try {
      return await browseHistory(browser, uiOrigin, WORKFLOW, endpoint, until);
    } finally {
      await ui.stop();
    }
  };
  const decodes = ({ calls }: Seen) => calls.filter(({ method }) => method === 'POST');
  await judge('signed in, https: the payload is readable; access token and id token went along', async () => {
    const seen = await look(codec.https, true, CLEAR);
    const answered = decodes(seen).filter(({ status, accessToken, idToken }) => status === 200 && accessToken && idToken);
    return answered.length > 0 && provider.scopes().includes('operator:read');
  });
  await judge('signed in, http: the UI asks nothing of the codec server, and the payload stays encrypted', async () => {
    const seen = await look(codec.http, true, STILL_ENCRYPTED);
    return decodes(seen).length === 0 && !seen.text.includes(CLEAR);
  });
  await judge('signed in, https, without passing the token: 401, and the payload stays encrypted', async () => {
    const seen = await look(codec.https, false, STILL_ENCRYPTED);
    return decodes(seen).length > 0 && decodes(seen).every(({ status }) => status === 401) && !seen.text.includes(CLEAR);
  });
}

/** A Temporal server with one history whose input is encrypted; its address. */
async function startHistory(folder: string): Promise<string> {
  const cli = await findTemporal({ say });
  if (cli.kind === 'address') throw new Error('TEMPORAL_ADDRESS is set: this proof starts a server of its own. Take the variable away.');
  const temporal = await startTemporal({ program: cli.path, port: await freePort(), logFile: join(folder, 'temporal.log') });
  closing.push(() => temporal.stop());
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, dataConverter: dataConverter(testKeys('ui-1')) });
  await client.workflow.start('enrollment', { taskQueue: 'nobody-polls', workflowId: WORKFLOW, args: [{ state: CLEAR }] });
  await connection.close();
  return temporal.address;
}

async function judge(claim: string, holds: () => Promise<boolean>): Promise<void> {
  const fault = await holds().then(
    (fine) => (fine ? undefined : 'it is otherwise'),
    (error: unknown) => (error instanceof Error ? error.message : 'failed'),
  );
  results.push(fault === undefined);
  say(fault === undefined ? `ok     ${claim}` : `FAILED ${claim}: ${fault}`);
}
