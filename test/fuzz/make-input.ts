import { base64, pem } from '../../conformance/csr-cases/build-request.ts';
import { BASES, type BaseRequest } from './base-requests.ts';
import { garbage } from './garbage.ts';
import { mutateOctets } from './mutate-octets.ts';
import { mutateText } from './mutate-text.ts';
import { mutateTree } from './mutate-tree.ts';
import { pick, type Random, randomFrom } from './random.ts';

export const KINDS = ['octets', 'tree', 'text', 'garbage'] as const;
export type Kind = (typeof KINDS)[number];

export interface FuzzInput {
  readonly seed: number;
  readonly kind: Kind;
  readonly base: BaseRequest;
  readonly csrText: string;
}

/** The same seed gives the same input, but for the random part of an ECDSA signature. */
export function makeInput(seed: number): FuzzInput {
  const random = randomFrom(seed);
  const kind = kindOf(random(100));
  // RSA is the dearest to sign and to judge: one in eight.
  const base = random(8) === 0 ? BASES[2] : BASES[random(2) === 0 ? 0 : 1];
  return { seed, kind, base, csrText: textOf(kind, base, random) };
}

function kindOf(percent: number): Kind {
  if (percent < 55) return 'tree';
  if (percent < 80) return 'octets';
  return percent < 95 ? 'text' : 'garbage';
}

function textOf(kind: Kind, base: BaseRequest, random: Random): string {
  switch (kind) {
    case 'tree':
      return pick([pem, base64] as const, random)(mutateTree(base, random));
    case 'octets':
      return base64(mutateOctets(base.der, random));
    case 'text':
      return mutateText(base.der, random);
    case 'garbage':
      return garbage(random);
  }
}
