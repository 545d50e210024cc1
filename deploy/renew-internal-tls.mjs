#!/usr/bin/env node
// New certificates for the TLS between the containers, for what make-secrets.mjs has filled. Then restart all containers.
//   $ sudo node deploy/renew-internal-tls.mjs
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { giveSecrets } from './give-secrets.mjs';
import { makeInternalTls } from './make-internal-tls.mjs';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: dirname(fileURLToPath(import.meta.url)) },
    // What phones and browsers see is renewed only where it comes from here too.
    'api-name': { type: 'string', multiple: true },
    'codec-name': { type: 'string', multiple: true },
  },
});
const secrets = join(resolve(options.out), 'secrets');
if (!existsSync(secrets)) {
  process.stderr.write(`${secrets} is not there: run make-secrets.mjs first.\n`);
  process.exit(1);
}
await makeInternalTls({ give, apiNames: options['api-name'] ?? ['localhost'], codecNames: options['codec-name'] ?? ['localhost'] });
if (process.getuid?.() === 0) giveSecrets(secrets);
else console.log(`Then, as root: node deploy/give-secrets.mjs ${secrets}`);

function give(holder, file, content) {
  const seen = /^(api|codec)-tls/.exec(file)?.[1];
  if (seen !== undefined && options[`${seen}-name`] === undefined) return;
  const folder = holder === 'operator' ? join(secrets, '..', 'operators') : join(secrets, holder);
  // Folders that were moved away, as the one of the operators should be, are made anew by hand.
  if (existsSync(folder)) writeFileSync(join(folder, file), content, { mode: 0o600 });
}
