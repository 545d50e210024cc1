import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../../process/logger.ts';
import { watchCheck } from '../../process/watch-check.ts';

test('a check is made at the start without being asked, and each change of its verdict is one line', async () => {
  const lines: { level: number; fault?: string; msg: string }[] = [];
  const log = createLogger('test', 'info');
  const sink = new Writable({ write: (chunk, _encoding, done) => (lines.push(JSON.parse(String(chunk))), done()) });
  Reflect.set(log, pino.symbols.streamSym, sink);
  const verdicts = [
    'password refused for user cs_api at db:5432',
    'password refused for user cs_api at db:5432',
    undefined,
    undefined,
    'it is read-only',
  ];
  let made = 0;
  const check = async () => {
    const detail = verdicts[made];
    made += 1;
    return detail === undefined ? { ok: true } : { ok: false, detail };
  };
  const watched = watchCheck({ name: 'database', check }, log);
  onTestFinished(() => watched.stop());
  expect(made).toBe(1);
  for (let asked = 1; asked < verdicts.length; asked += 1) await watched.check();
  expect(lines.map(({ fault, msg }) => [fault, msg])).toEqual([
    [verdicts[0], 'database: cannot be used'],
    [undefined, 'database: works again'],
    [verdicts[4], 'database: cannot be used'],
  ]);
});
