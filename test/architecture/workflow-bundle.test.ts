import { beforeAll, describe, expect, test } from 'vitest';
import { bundleWorkflows } from '../../worker/workflow-bundle.ts';

/** Everything in the sandbox is paid for by each cached workflow, and must give the same answers at every replay. */
const PACKAGES = ['@temporalio/', 'long', 'ms', 'protobufjs', '@protobufjs/', 'nexus-rpc'];
const FORBIDDEN = ['@peculiar', 'prisma', 'argon2', 'zod', 'pkijs', 'asn1js', 'express', 'pino'];
const MOST_OCTETS = 2_500_000;

describe('the workflow bundle', () => {
  let code = '';
  let modules: string[] = [];
  beforeAll(async () => {
    ({ code } = await bundleWorkflows());
    modules = [...new Set([...code.matchAll(/"(\.\.?\/[^"\n]+?\.(?:[cm]?[jt]s|json))"/g)].map(([, path = '']) => path))];
  });

  test('holds our workflows', () => {
    expect(modules.some((path) => path.endsWith('workflows/enrollment.ts'))).toBe(true);
  });

  test('takes packages of Temporal and of its wire format only', () => {
    const names = modules
      .filter((path) => path.includes('node_modules/'))
      .map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !PACKAGES.some((allowed) => name.startsWith(allowed)))).toEqual([]);
  });

  test.each(FORBIDDEN)('holds no module of %s', (name) => {
    expect(modules.filter((path) => path.includes(name))).toEqual([]);
  });

  test('asks for no Node module', () => {
    expect([...code.matchAll(/require\(["']node:[a-z/_]+["']\)|external "node:[^"]+"/g)].map(([text]) => text)).toEqual([]);
  });

  test('of our rooms has contract/, workflows/ and the failure converter only', () => {
    const ours = modules.filter((path) => !path.includes('node_modules/') && path.endsWith('.ts'));
    expect(ours.filter((path) => !/(^|\/)(contract|workflows)\/|temporal\/failure-converter\.ts$/.test(path))).toEqual([]);
  });

  test('stays small', () => {
    expect(code.length).toBeLessThan(MOST_OCTETS);
  });
});
