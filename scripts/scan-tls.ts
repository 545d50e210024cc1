import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ownStack } from '../cli/dev/own-stack.ts';

const HELP = `npm run scan:tls -- [--data <folder>] [--target <host:port>]

Scans the API's TLS listener with testssl.sh and sslscan, whichever of them is installed (Debian: apt-get install testssl.sh sslscan), and
fails over anything that testssl.sh rates MEDIUM or worse, but for what a certificate of a development CA cannot have.`;

/** What is about the certificate of a development stack, its CA and its host, not about the listener. */
const OF_DEVELOPMENT =
  /^(cert_(trust|chain_of_trust|ocsp|crl|revocation|notAfter|validityPeriod|CAA|CN)|DNS_CAArecord|OCSP_|CAA|HSTS|overall_grade|grade_cap|cert_.*)/i;
const BAD = new Set(['MEDIUM', 'HIGH', 'CRITICAL', 'FATAL']);

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

const { values } = parseArgs({
  options: { data: { type: 'string' }, target: { type: 'string' }, help: { type: 'boolean', default: false } },
});
if (values.help) console.log(HELP);
else process.exitCode = await scan();

async function scan(): Promise<number> {
  const programs = ['testssl', 'testssl.sh', 'sslscan'].filter(isInstalled);
  if (programs.length === 0) {
    console.error('Neither testssl.sh nor sslscan is installed. Debian and Ubuntu: apt-get install testssl.sh sslscan');
    return 2;
  }
  // A scanner opens more connections and shows fewer credentials than any caller.
  const stack = values.target === undefined ? await ownStack(values.data, { CS_RATE_LIMITS: 'false' }) : undefined;
  const target = values.target ?? new URL(stack?.dev.api ?? '').host;
  try {
    if (programs.includes('sslscan')) spawnSync('sslscan', ['--no-colour', target], { stdio: ['ignore', 'inherit', 'inherit'] });
    const testssl = programs.find((program) => program.startsWith('testssl'));
    return testssl === undefined ? 0 : judge(testssl, target);
  } finally {
    await stack?.stop();
  }
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

function judge(testssl: string, target: string): number {
  const folder = mkdtempSync(join(tmpdir(), 'cs-scan-'));
  try {
    const file = join(folder, 'findings.json');
    // Everything but the simulation of browsers: protocols, ciphers, forward secrecy, preferences, defaults, headers, vulnerabilities.
    const tests = ['-p', '-s', '-f', '-P', '-S', '-h', '-U'];
    spawnSync(testssl, [...tests, '--quiet', '--color', '0', '--warnings', 'off', '--openssl-timeout', '30', '--jsonfile', file, target], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const findings = readFindings(file);
    const faults = findings.filter(({ id, severity }) => BAD.has(severity) && !OF_DEVELOPMENT.test(id));
    for (const { id, severity, finding } of faults) console.log(`${severity} ${id}: ${finding}`);
    console.log(`testssl.sh: ${findings.length} findings, ${faults.length} to fix`);
    return faults.length === 0 && findings.length > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readFindings(file: string): Finding[] {
  const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!Array.isArray(found)) throw new Error('testssl.sh wrote no list of findings');
  return found.map((one: Readonly<Record<string, unknown>>) => ({
    id: String(one['id']),
    severity: String(one['severity']),
    finding: String(one['finding']),
  }));
}
