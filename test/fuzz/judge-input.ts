import { createPublicKey, verify } from 'node:crypto';
import { challenge, enrollmentId, receivedAt, spkiOf, thumbprint } from '../../conformance/csr-cases/build-request.ts';
import { CSR_REFUSALS } from '../../contract/csr-refusal-codes.ts';
import { readDer } from '../../core/asn1/read-der.ts';
import { findPrivateKey } from '../../core/csr/find-private-key.ts';
import { judgeCsr } from '../../core/csr/judge-csr.ts';
import { deps } from '../core/csr/gate-deps.ts';
import { fixedDelivery } from './base-requests.ts';
import type { FuzzInput } from './make-input.ts';

export interface Judged {
  /** A code of the gate, or `accepted`. */
  outcome: string;
  /** Of the processor, not of the clock: a busy machine must not fail a bound. */
  ms: number;
  /** Growth of the heap while judging; garbage collection makes some of them negative. */
  heapOctets: number;
  /** DER of what was accepted. */
  accepted?: Uint8Array;
}

/** Judges one input as API and worker do. Throws when the gate throws, or accepts what is not the same request any more. */
export function judgeInput(input: FuzzInput): Judged {
  const { csrText } = input;
  const heap = process.memoryUsage().heapUsed;
  const begun = process.cpuUsage();
  const privateKey = findPrivateKey(csrText, fixedDelivery);
  const verdict = judgeCsr({ csrText, deliveryKey: fixedDelivery, enrollmentId, receivedAt }, deps);
  const ms = cpuMsSince(begun);
  const heapOctets = process.memoryUsage().heapUsed - heap;
  if (verdict.ok) {
    if (privateKey !== undefined) throw new Error('accepted, and called a private key');
    checkSame(input, verdict.csrDer);
    return { outcome: 'accepted', ms, heapOctets, accepted: verdict.csrDer };
  }
  const { code, rule, detail, hint } = verdict.refusal;
  if (!Object.hasOwn(CSR_REFUSALS, code) || rule === '' || detail === '' || hint === '') throw new Error('a refusal without its parts');
  return { outcome: code, ms, heapOctets };
}

function cpuMsSince(begun: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1_000;
}

/**
 * What an accepted mutant must still be. Octets and text: the very request. Tree, which is signed again: version, key, challenge and binding as
 * they were, and a signature that holds over exactly its info.
 */
function checkSame({ kind, base }: FuzzInput, der: Uint8Array): void {
  if (kind === 'garbage') throw new Error('garbage was accepted');
  if (kind !== 'tree') {
    if (Buffer.compare(der, base.der) !== 0) throw new Error('a request that is not the signed one was accepted');
    return;
  }
  const [info, , signature] = readDer(der).children;
  const [version, , spki, attributes] = info?.children ?? [];
  const inAttributes = Buffer.from(attributes?.raw ?? []);
  const same =
    Buffer.from(version?.raw ?? []).toString('hex') === '020100' &&
    Buffer.compare(spki?.raw ?? Buffer.alloc(0), spkiOf(base.key)) === 0 &&
    inAttributes.includes(challenge) &&
    inAttributes.includes(thumbprint(fixedDelivery)) &&
    verify(base.digest, info?.raw ?? Buffer.alloc(0), createPublicKey(base.key), signature?.content.subarray(1) ?? Buffer.alloc(0));
  if (!same) throw new Error('a request that says something else was accepted');
}
