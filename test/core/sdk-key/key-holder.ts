import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { toEnrollmentId } from '../../../contract/ids.ts';
import { SdkKeyMaker } from '../../../core/sdk-key/sdk-key-maker.ts';
import { sealSdkKey } from '../../../core/sealing/seal-sdk-key.ts';

/*
 * A process for plain-gone.test.ts to look into: makes SDK keys, prints them sealed, waits until its input ends.
 * Arguments: `thread` (as the service does) or `careless` (in the main thread, keys kept: shows that the search finds what is there),
 * x and y of the delivery key, its kid.
 */
const [, , how, x = '', y = '', deliveryKid = ''] = process.argv;
const request = {
  format: 'jwe',
  enrollmentId: toEnrollmentId('5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10'),
  deliveryKey: { kty: 'EC', crv: 'P-256', x, y },
  deliveryKid,
} as const;
const kept: KeyObject[] = [];

/** The maker stays as it is, with the thread that stands ready: a key is gone when it was handed out. */
async function makeInThread(): Promise<string[]> {
  const maker = new SdkKeyMaker({ now: () => new Date(), threads: 1 });
  const made = await Promise.all(Array.from({ length: 5 }, () => maker.make({ ...request, keyType: 'EC:P-256' })));
  return made.map(({ sealed }) => sealed);
}

function makeCarelessly(): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  kept.push(privateKey);
  const [spki, pkcs8] = [publicKey.export({ format: 'der', type: 'spki' }), privateKey.export({ format: 'der', type: 'pkcs8' })];
  return sealSdkKey({ ...request, spki, pkcs8 }).value;
}

const sealed = how === 'thread' ? await makeInThread() : Array.from({ length: 5 }, makeCarelessly);
process.stdout.write(`${sealed.join('\n')}\n\n`);
process.stdin.resume().on('end', () => process.exit(kept.length === 0 ? 0 : 1));
