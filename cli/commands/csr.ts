import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { explainCsr } from '../csr/explain-csr.ts';
import { readCsrFile } from '../csr/read-csr-file.ts';
import { errorSentence } from '../error-sentence.ts';
import { complain, printJson, printText } from '../print.ts';
import { withPath } from '../with-path.ts';

interface CheckOptions {
  deliveryKey?: string;
  json?: boolean;
}

/** Exit codes: 0 accepted, 1 refused, 2 the file could not be read. */
const CANNOT_READ = 2;

export function csrCommand(): Command {
  return new Command('csr').description('explain certificate signing requests (PKCS#10)').addCommand(checkCommand());
}

function checkCommand(): Command {
  return new Command('check')
    .description('say whether the service would accept this CSR, and if not, where and why')
    .argument('<file>', 'PEM, base64 or binary DER; - reads standard input')
    .option('--delivery-key <file>', 'JSON of the deliveryKey that you send with it: compared with the one that the CSR names')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe same gate as in the service; needs no network, no database and no enrollment.\nExit code: 0 accepted, 1 refused, 2 the file cannot be read. Every code: docs/csr-refusals.md\n\n  $ cs csr check csr.pem\n  $ cs csr check --delivery-key delivery.json csr.der\n  $ jq -r .csr body.json | cs csr check -\n',
    )
    .action(check);
}

function check(file: string, options: CheckOptions): void {
  try {
    const csr = readCsrFile(file);
    const deliveryKey = options.deliveryKey === undefined ? undefined : { value: readJson(options.deliveryKey) };
    const { accepted, text, json } = explainCsr(csr, deliveryKey);
    if (options.json === true) printJson(json);
    else printText(text);
    process.exitCode = accepted ? 0 : 1;
  } catch (error) {
    complain(`cs: ${errorSentence(error)}`);
    process.exitCode = CANNOT_READ;
  }
}

/** The parser's own message would quote the file, which may hold a private key. */
function readJson(file: string): unknown {
  const text = withPath(file, () => readFileSync(file, 'utf8'));
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${file} is not JSON: --delivery-key takes a file like {"kty":"EC","crv":"P-256","x":"…","y":"…"}.`);
  }
}
