import { createInterface } from 'node:readline';

/* A process that holds what it is given, as octets and as strings, until its input ends: shows that a search of memory finds it. */
const kept: (Buffer | string)[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'planted') process.stdout.write('holding\n');
  else kept.push(Buffer.from(line, 'base64'), Buffer.from(line, 'base64').toString('latin1'));
}
process.exitCode = kept.length === 0 ? 1 : 0;
