import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../config/load-config.ts';
import { openToOthers } from '../../config/secret-file-mode.ts';
import { environmentOf, fieldsOf, fileWith, processNames, TEST_KEY } from './process-environment.ts';

const RING = `1 ${TEST_KEY}\n`;
const start =
  (mode: number, changes = {}) =>
  () =>
    loadConfig('codec', environmentOf('codec', { CS_CODEC_KEYS_FILE: fileWith(RING, mode), ...changes }));

describe('a secret file in production', () => {
  test.each([0o604, 0o644, 0o666, 0o602, 0o640, 0o660, 0o620, 0o444, 0o777])('of mode %o stops the process, which names it', (mode) => {
    expect(start(mode)).toThrow(/CS_CODEC_KEYS_FILE names a file that others may read or change \(mode [0-7]+\)\. Give it mode 600/);
  });

  test.each([0o600, 0o400])('of mode %o is taken', (mode) => expect(start(mode)).not.toThrow());

  test('may be open in development', () => expect(start(0o644, { CS_ENV: 'development' })).not.toThrow());

  test('is every file of a key, and no other', () => {
    for (const name of processNames()) {
      const open = Object.fromEntries(
        fieldsOf(name)
          .filter(({ source, key }) => source !== 'value' && !key)
          .map(({ env }) => [env, environmentOf(name)[env]] as const)
          .flatMap(([env, path]) => (path === undefined ? [] : [[env, fileWith(readFileSync(path, 'utf8'), 0o644)]])),
      );
      expect(() => loadConfig(name, environmentOf(name, open)), name).not.toThrow();
    }
  });
});

describe('a file of root that a group may read', () => {
  const faults = (mode: number, uid: number, who: number) => [...openToOthers([{ env: 'CS_X_FILE', mode, uid }], who)].length;

  test('is how a platform hands a secret to a process that is not root', () => {
    expect([faults(0o440, 0, 1_000), faults(0o400, 0, 1_000)]).toEqual([0, 0]);
  });

  test('stays refused when the group may write, when others may read, when the process is root, when the file is somebody else’s', () => {
    expect([faults(0o460, 0, 1_000), faults(0o444, 0, 1_000), faults(0o440, 0, 0), faults(0o440, 1_000, 1_000)]).toEqual([1, 1, 1, 1]);
  });
});
