import type { Request, Response } from 'express';
import { ISSUER_IDS, type IssuerId } from '../../contract/key-types.ts';
import { ServiceError } from '../../contract/service-error.ts';
import { type PublishedIssuer, readPublishedIssuer } from '../../store/published-files.ts';
import type { ApiDeps } from '../deps.ts';

type FilesDeps = Pick<ApiDeps, 'db'>;

/** GET /ca/<issuer>.cer: a CA certificate, DER (RFC 5280 §4.2.2.1). */
export const getCaCertificate =
  (deps: FilesDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const { certificate } = await issuerOf(deps, req, '.cer');
    res.setHeader('Content-Type', 'application/pkix-cert').setHeader('Cache-Control', 'public, max-age=3600').end(certificate);
  };

/** GET /crl/<issuer>.crl: the CRL in force, DER (RFC 5280 §4.2.1.13). Errors: `service_unavailable` before the first one. */
export const getCrl =
  (deps: FilesDeps) =>
  async (req: Request, res: Response): Promise<void> => {
    const { crl } = await issuerOf(deps, req, '.crl');
    if (crl === undefined) throw new ServiceError('service_unavailable', 'This CRL has not been made yet.', {}, 5);
    res.setHeader('Content-Type', 'application/pkix-crl').setHeader('Cache-Control', 'public, max-age=60').end(crl);
  };

async function issuerOf({ db }: FilesDeps, req: Request, ending: string): Promise<PublishedIssuer> {
  const file = String(req.params['file']);
  const id = ISSUER_IDS.find((known): known is IssuerId => `${known}${ending}` === file);
  const issuer = id === undefined ? undefined : await readPublishedIssuer(db, id);
  if (issuer === undefined) throw new ServiceError('file_not_found');
  return issuer;
}
