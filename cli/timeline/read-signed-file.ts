import { z } from 'zod';
import { timelineSchema } from '../../contract/timeline.ts';
import { verifyEvidence } from '../../core/evidence/evidence-jws.ts';
import type { EvidenceJwk } from '../../core/evidence/evidence-key.ts';

const signed = z.strictObject({ exportedFor: z.string(), timeline: timelineSchema });

/** The content of an exported timeline, if one of `keys` signed exactly it. Throws a sentence otherwise. */
export async function readSignedFile(text: string, keys: readonly EvidenceJwk[]): Promise<z.infer<typeof signed> & { kid: string }> {
  const verdict = await verifyEvidence('cs-timeline+jws', text.trim(), keys);
  if (!verdict.ok)
    throw new Error(`This timeline is not believed. ${verdict.reason} Ask for it again: cs enrollment show <id> --export <file>.`);
  const content = signed.safeParse(verdict.payload);
  if (!content.success)
    throw new Error(
      'This timeline is signed and is not of a form that this version knows: verify it with the version that exported it, or a newer one.',
    );
  return { ...content.data, kid: verdict.kid };
}
