/** When a receipt says that things happened, and how often it was handed out. JSON times; `iat` in seconds. */
export interface ReceiptTimes {
  readonly madeAt: string;
  readonly sealedAt: string;
  readonly firstDeliveredAt: string;
  readonly erasedAt: string;
  readonly plainGoneBy: string;
  readonly deliveries: number;
  readonly iat: number;
}

/** The clocks of the issuance process and of the database: the service works with at most five minutes between them. */
const TWO_CLOCKS_MS = 300_000;
/** A thread that makes keys lives for 60 s at most; five more for whoever sees its exit. */
const THREAD_MS = 65_000;

/**
 * What in the times of a receipt cannot be true; undefined when all can. Each clock is held against itself exactly, the two against each
 * other with tolerance (protocol §3).
 */
export function faultOfTimes(times: ReceiptTimes): string | undefined {
  const [made, sealed, gone, delivered, erased] = [
    times.madeAt,
    times.sealedAt,
    times.plainGoneBy,
    times.firstDeliveredAt,
    times.erasedAt,
  ].map(toMs);
  if (made === undefined || sealed === undefined || gone === undefined || delivered === undefined || erased === undefined)
    return 'one of its times is no JSON time';
  if (made > sealed || sealed > gone || gone - made > THREAD_MS) return 'madeAt, sealedAt and plainGoneBy do not fit each other';
  if (sealed > delivered + TWO_CLOCKS_MS) return 'it was delivered before it was sealed';
  if (delivered > erased) return 'it was erased before it was delivered';
  if (times.iat !== Math.floor(erased / 1_000)) return 'it was not signed when it was erased';
  return Number.isSafeInteger(times.deliveries) && times.deliveries > 0 ? undefined : 'deliveries is no count';
}

/** Exactly the form of the protocol, so that two readers see the same moment. */
function toMs(text: string): number | undefined {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) || at.toISOString() !== text ? undefined : at.getTime();
}
