import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureDevSecrets, secretPaths } from '../../cli/dev/dev-secrets.ts';
import { developmentPolicy, POLICY_FILE } from '../../cli/dev/development-policy.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'cs-policy-'));
const paths = secretPaths(FOLDER);

beforeAll(() => ensureDevSecrets(FOLDER, 'Example Organization', 'http://127.0.0.1:8080', ['localhost']));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

it('a new data folder has policies under the arc for examples, which every program can read', () => {
  expect(developmentPolicy(paths.secret(POLICY_FILE))).toBe('1.3.6.1.4.1.32473.1');
});

it('a data folder of the version before keeps the policies that its certificates were prepared with', () => {
  rmSync(paths.secret(POLICY_FILE));
  expect(developmentPolicy(paths.secret(POLICY_FILE))).toBe('2.25.261437790486893842764351487366214219451');
});
