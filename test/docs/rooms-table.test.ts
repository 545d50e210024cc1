import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOMS } from '../architecture/rooms.ts';
import { ROOT } from '../architecture/source-files.ts';

test('docs/architecture.md has one row for each room with walls, and no other', () => {
  const page = readFileSync(join(ROOT, 'docs', 'architecture.md'), 'utf8');
  const [, section = ''] = /\n## Rooms and walls\n([^]*?)\n## /.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| `([a-z-]+)\/` \|/gm)].map(([, room]) => room);
  expect(rows.toSorted()).toEqual(Object.keys(ROOMS).toSorted());
});
