import { X509Certificate } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config } from '../config/load-config.ts';
import type { IssuingCaId } from '../contract/key-types.ts';
import { listedSerials } from '../core/pki/listed-serials.ts';
import { octetsOf } from '../core/pki/octets.ts';
import { type RootIssued, rootIssued } from '../core/pki/root-issued.ts';
import type { Signer } from '../core/pki/signer.ts';
import type { Check } from '../process/health-listener.ts';
import { startLoop } from '../process/loop.ts';
import type { Database } from '../store/database.ts';
import { readStoredCrl } from '../store/import-crl.ts';
import { renewCrls } from './crl-loop.ts';
import { rootCrlFile } from './root-crl-file.ts';

type Settings =
  | 'crlIntervalSeconds'
  | 'crlMaxAgeSeconds'
  | 'crlLifeSeconds'
  | 'backdateSeconds'
  | 'rootCertificate'
  | 'rootCrlFile'
  | 'rootCrlMayLack';

export interface CrlLoopsDeps {
  readonly config: Pick<Config<'issuer'>, Settings>;
  readonly db: Database;
  readonly signers: ReadonlyMap<IssuingCaId, Signer>;
  readonly log: Logger;
}

export interface CrlLoops {
  /** Of the root CRL file, and of what it revokes. */
  readonly checks: readonly Check[];
  stop(): Promise<void>;
}

/**
 * Two loops that need no Temporal: one takes over the root CRL from its file, one signs the CRLs of
 * the issuing CAs. Whatever is wrong with the file does not hold up the other.
 */
export function startCrlLoops({ config, db, signers, log }: CrlLoopsDeps): CrlLoops {
  const { crlIntervalSeconds: every, crlMaxAgeSeconds: maxAgeSeconds, crlLifeSeconds: lifeSeconds, backdateSeconds } = config;
  const issuing = [...signers].map(([id, { certificateDer }]) => rootIssued(id, certificateDer));
  const file = rootCrlFile({
    db,
    log,
    path: config.rootCrlFile,
    root: octetsOf(new X509Certificate(config.rootCertificate).raw),
    issuing,
    mayLack: config.rootCrlMayLack,
  });
  const now = () => new Date();
  const root = startLoop('root CRL', every, file.look, log, now);
  const renewing = startLoop('CRL', every, () => renewCrls({ db, log, signers, maxAgeSeconds, lifeSeconds, backdateSeconds }), log, now);
  const stop = async (): Promise<void> => {
    await Promise.all([root.stop(), renewing.stop()]);
  };
  return { checks: [file.check, { name: 'issuing-cas', check: () => unrevoked(db, issuing) }], stop };
}

/** Also when another process took the root CRL over. */
async function unrevoked(db: Database, issuing: readonly RootIssued[]): ReturnType<Check['check']> {
  const listed = listedSerials(await readStoredCrl(db, 'root'));
  const revoked = issuing.filter(({ serial }) => listed.has(serial)).map(({ id }) => id);
  if (revoked.length === 0) return { ok: true };
  return {
    ok: false,
    detail: `the root CRL revokes ${revoked.join(', ')}: nothing is issued with it; see "an issuing CA key" in SECURITY.md`,
  };
}
