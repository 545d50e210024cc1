import { storeOf, VirtualCard } from '../../sdk/card/virtual-card.ts';
import { journal } from './test-journal.ts';

/* Writes the card for ever, until the test kills this process in the middle of a write. */
const [directory = ''] = process.argv.slice(2);
const store = storeOf(await VirtualCard.open({ directory, deviceSecret: Buffer.alloc(32, 7) }));
for (let n = 0; ; n++) {
  await store.change((content) => ({ ...content, journal: { ...journal, submission: `${n} `.repeat(20_000) } }));
  if (n === 0) process.stdout.write('writing\n');
}
