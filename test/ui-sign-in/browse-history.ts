import { createHash, X509Certificate } from 'node:crypto';
import { type Browser, chromium } from 'playwright-core';

/** What the browser and the person in front of it met. */
export interface Seen {
  /** The text of the page. */
  readonly text: string;
  /** Calls to the codec server: method, status, and whether an access token and an id token went along. */
  readonly calls: ReadonlyArray<{ method: string; status: number; accessToken: boolean; idToken: boolean }>;
}

const PATIENCE_MS = 30_000;

/** Chromium that trusts this one certificate beside its own CAs, as a browser of an operator does after it was told to. */
export function startChromium(executablePath: string, certificate: string): Promise<Browser> {
  const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  const pin = createHash('sha256').update(spki).digest('base64');
  const args = ['--no-sandbox', '--disable-dev-shm-usage', `--ignore-certificate-errors-spki-list=${pin}`];
  return chromium.launch({ executablePath, args });
}

/** Signs in at the UI, opens the history of a workflow and waits until `until` stands in the page. */
export async function browseHistory(browser: Browser, ui: string, workflow: string, codec: string, until: string): Promise<Seen> {
  const context = await browser.newContext();
  const calls: Array<Seen['calls'][number]> = [];
  try {
    const page = await context.newPage();
    page.on('response', (response) => {
      if (!response.url().startsWith(codec)) return;
      const headers = response.request().headers();
      const [accessToken, idToken] = ['authorization' in headers, 'authorization-extras' in headers];
      calls.push({ method: response.request().method(), status: response.status(), accessToken, idToken });
    });
    // First to the list: where a sign-in leads straight to a workflow, this UI sometimes asks Temporal before it has read its tokens.
    await page.goto(`${ui}/auth/sso`);
    await page.getByText(workflow).first().waitFor({ timeout: PATIENCE_MS });
    await page.goto(`${ui}/namespaces/default/workflows/${workflow}`);
    await page.locator('body', { hasText: until }).waitFor({ timeout: PATIENCE_MS });
    return { text: await page.locator('body').innerText(), calls };
  } finally {
    await context.close();
  }
}
