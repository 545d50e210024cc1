import { createPublicKey } from 'node:crypto';

/*
 * Asks Node's own cryptography about public keys, as other software does that reads our cases. One key a line on standard input, in hex;
 * says the number of keys at the end. A key that Node does not take is an error, which is caught; a process that ends is none.
 */
let text = '';
for await (const piece of process.stdin) text += String(piece);
const keys = text.trim().split('\n');
for (const hex of keys) {
  const key = read(Buffer.from(hex, 'hex'));
  if (key === undefined) continue;
  for (const ask of [
    () => key.asymmetricKeyDetails,
    () => key.export({ format: 'jwk' }),
    () => key.export({ format: 'der', type: 'spki' }),
  ])
    attempt(ask);
}
process.stdout.write(`asked about ${keys.length} keys`);

function read(der) {
  return attempt(() => createPublicKey({ key: der, format: 'der', type: 'spki' }));
}

function attempt(ask) {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
