import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';

export interface LogLines {
  readonly log: Logger;
  /** Level and message of what was logged since the last time this was asked. */
  next(): [level: string, message: string][];
}

/** A real logger whose lines a test can read. */
export function logLines(): LogLines {
  let lines: [string, string][] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const { level, msg } = JSON.parse(chunk.toString());
      lines.push([String(pino.levels.labels[level]), String(msg)]);
      done();
    },
  });
  const next = () => {
    const those = lines;
    lines = [];
    return those;
  };
  return { log: pino({ level: 'info' }, stream), next };
}
