import { readFileSync } from 'node:fs';
import { toEvidenceJwks } from '../core/evidence/evidence-jwks.ts';
import type { EvidenceJwk } from '../core/evidence/evidence-key.ts';
import type { Database } from '../store/database.ts';
import { readEvidenceKeys } from '../store/evidence-keys.ts';
import { withPath } from './with-path.ts';

/** The keys by which a command judges signatures: those of a JWK Set that was kept elsewhere, else those that the database publishes. */
export async function evidenceKeys(db: Database, jwksFile: string | undefined): Promise<EvidenceJwk[]> {
  return jwksFile === undefined ? toEvidenceJwks(await readEvidenceKeys(db)) : keptKeys(jwksFile);
}

export function keptKeys(jwksFile: string): EvidenceJwk[] {
  return toEvidenceJwks(JSON.parse(withPath(jwksFile, () => readFileSync(jwksFile, 'utf8'))));
}
