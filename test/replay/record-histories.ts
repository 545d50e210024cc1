import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { HISTORIES_FOLDER } from './corpus.ts';
import { historyToJson } from './history-json.ts';
import { PATHS } from './paths.ts';
import { type PathWorld, pathWorld } from './world-of-paths.ts';

/*
 * `npm run record-histories`: plays every path on the real servers and writes its history to histories/<version>/, where every later
 * release replays it. TEST DATA: encrypted with the codec key of the tests, for users and devices that do not exist.
 */
const VERSION = process.env['RECORD_VERSION'] ?? process.env['npm_package_version'] ?? '';
const FOLDER = join(HISTORIES_FOLDER, VERSION);
let world: PathWorld;

beforeAll(async () => {
  if (!/^\d+\.\d+\.\d+$/.test(VERSION)) throw new Error('say for which release: npm run record-histories (RECORD_VERSION=1.2.3)');
  mkdirSync(FOLDER, { recursive: true });
  world = await pathWorld();
});

describe(`histories of ${VERSION}`, () => {
  it.each(Object.entries(PATHS))(
    '%s',
    async (name, play) => {
      const handle = await play(world);
      const json = withoutOrigin(historyToJson(await handle.fetchHistory()));
      expect(json).not.toMatch(/hostname|\/home\/|\/work\//);
      writeFileSync(join(FOLDER, `${name}.json`), json);
    },
    120_000,
  );
});

/** Who recorded it is nobody's business: `identity` is process id and host. One event a line, so that a difference can be read. */
function withoutOrigin(json: string): string {
  const { events }: { events: object[] } = JSON.parse(json, (key, value: unknown) =>
    (key === 'identity' || key === 'initiator_identity') && typeof value === 'string' ? 'test' : value,
  );
  return `{"events":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`;
}
