/** What a destruction receipt says (protocol §3, ack). `madeAt`, `sealedAt` and `plainGoneBy` are the issuance process's clock, the others the database's. */
export interface ReceiptFacts {
  readonly enrollmentId: string;
  /** base64url SHA-256 of the SPKI of the SDK key. */
  readonly spkiSha256: string;
  readonly deliveryKid: string;
  /** base64url SHA-256 of the ASCII of the sealed value. */
  readonly sealedSha256: string;
  readonly madeAt: Date;
  readonly sealedAt: Date;
  readonly firstDeliveredAt: Date;
  readonly erasedAt: Date;
  /** When the exit of the thread that made the key was seen. Up to release 0.2: the end of its longest life. */
  readonly plainGoneBy: Date;
  readonly deliveries: number;
}

/** The claims as they are signed: JSON times, and `iat` in whole seconds. */
export interface ReceiptClaims {
  readonly enr: string;
  readonly spki: string;
  readonly deliveryKid: string;
  readonly sealedSha256: string;
  readonly madeAt: string;
  readonly sealedAt: string;
  readonly firstDeliveredAt: string;
  readonly erasedAt: string;
  readonly plainGoneBy: string;
  readonly deliveries: number;
  readonly iat: number;
}

/** `iat` is the second of `erasedAt`: the receipt is signed in the transaction that erases. */
export function receiptClaims(facts: ReceiptFacts): ReceiptClaims {
  return {
    enr: facts.enrollmentId,
    spki: facts.spkiSha256,
    deliveryKid: facts.deliveryKid,
    sealedSha256: facts.sealedSha256,
    madeAt: facts.madeAt.toISOString(),
    sealedAt: facts.sealedAt.toISOString(),
    firstDeliveredAt: facts.firstDeliveredAt.toISOString(),
    erasedAt: facts.erasedAt.toISOString(),
    plainGoneBy: facts.plainGoneBy.toISOString(),
    deliveries: facts.deliveries,
    iat: Math.floor(facts.erasedAt.getTime() / 1_000),
  };
}
