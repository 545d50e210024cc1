import { z } from 'zod';
import { STATES } from '../../contract/states.ts';
import { verifyEvidence } from '../../core/evidence/evidence-jws.ts';
import type { EvidenceJwk } from '../../core/evidence/evidence-key.ts';

const step = z.strictObject({
  at: z.string(),
  source: z.enum(['audit', 'workflow']),
  actor: z.string(),
  what: z.string(),
  outcome: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  sinceMs: z.number(),
  audit: z
    .strictObject({
      seq: z.number(),
      id: z.string(),
      hash: z.string(),
      enrollmentId: z.string().exactOptional(),
      detail: z.record(z.string(), z.unknown()),
    })
    .exactOptional(),
  event: z.strictObject({ runId: z.string(), id: z.number(), attempt: z.number().exactOptional() }).exactOptional(),
});
const signed = z.strictObject({
  exportedFor: z.string(),
  timeline: z.strictObject({
    v: z.literal(1),
    enrollmentId: z.string(),
    madeAt: z.string(),
    state: z.enum(STATES),
    code: z.string().exactOptional(),
    createdAt: z.string(),
    endedAt: z.string().exactOptional(),
    deadline: z.string(),
    expiresAt: z.string(),
    history: z.enum(['read', 'none', 'unavailable']),
    steps: z.array(step),
  }),
});

/** The content of an exported timeline, if one of `keys` signed exactly it. Throws a sentence otherwise. */
export async function readSignedFile(text: string, keys: readonly EvidenceJwk[]): Promise<z.infer<typeof signed> & { kid: string }> {
  const verdict = await verifyEvidence('cs-timeline+jws', text.trim(), keys);
  if (!verdict.ok) throw new Error(`This timeline is not believed. ${verdict.reason}`);
  const content = signed.safeParse(verdict.payload);
  if (!content.success) throw new Error('This timeline is signed and is not of a form that this version knows.');
  return { ...content.data, kid: verdict.kid };
}
