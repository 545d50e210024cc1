import type { Request, Response } from 'express';
import { readEvidenceKeys } from '../../store/evidence-keys.ts';
import type { ApiDeps } from '../deps.ts';

/** GET /.well-known/cs-evidence-jwks.json: public keys that verify receipts, audit checkpoints and timelines, old ones included (RFC 7517). */
export const getEvidenceJwks =
  ({ db }: ApiDeps) =>
  async (_req: Request, res: Response): Promise<void> => {
    const keys = await readEvidenceKeys(db);
    res.setHeader('Cache-Control', 'public, max-age=300').json({ keys });
  };
