import type { Request, RequestHandler, Response } from 'express';
import { ServiceError } from '../../contract/service-error.ts';
import { answerFile } from '../files/answer-file.ts';
import type { PublishedFiles } from '../files/published-files.ts';

/**
 * GET and HEAD of the signed files of the CAs: `/ca/<issuer>.cer`, `/crl/<issuer>.crl` (DER, RFC 5280 §4.2.2.1, §4.2.1.13),
 * `/crl/<issuer>.pem`, `/crl/all.pem`, `/ca/bundle.pem`. May be repeated. Errors: `file_not_found`, `service_unavailable`.
 */
export const getPublicFile =
  (files: PublishedFiles) =>
  async (req: Request, res: Response): Promise<void> => {
    answerFile(req, res, await files.find(req.path));
  };

/** Every other method, whatever the name of the file. */
export const onlyRead: RequestHandler = (_req, res) => {
  res.setHeader('Allow', 'GET, HEAD');
  throw new ServiceError('method_not_allowed', 'Allowed here: GET, HEAD.');
};
