import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import type { Logger } from 'pino';
import type { WatchedFile } from '../config/watched-file.ts';
import type { TlsPair } from '../core/tls/tls-pair-fault.ts';
import { faultOfPair, tlsContext } from './tls-context.ts';

/** The files of a listener's certificate and key. */
export interface TlsFiles {
  readonly certificate: WatchedFile;
  readonly key: WatchedFile;
  /** PEM of who may have signed client certificates; stays as it is. */
  readonly clientCas?: string;
}

export interface TlsWatch {
  /** Looks at once; true when a new pair was taken over. */
  look(): Promise<boolean>;
  stop(): void;
}

/**
 * Gives a running listener the certificate that its files hold now. New connections get it; those that are open keep theirs. A pair
 * that does not fit (the files are written one after the other) is logged once and tried again at the next look.
 */
export function watchTlsFiles(server: Server, files: TlsFiles, everySeconds: number, log: Logger): TlsWatch {
  let inForce: TlsPair = { certificate: files.certificate.content, key: files.key.content };
  let refused: TlsPair | undefined;
  let unreadable = false;
  const look = async (): Promise<boolean> => {
    const found = await read(files);
    // Told once for each change, not at each look.
    if (found === undefined) {
      const told = unreadable;
      unreadable = true;
      return !told && complain(log, `a file cannot be read: ${files.certificate.path} or ${files.key.path}`);
    }
    unreadable = false;
    if (same(found, inForce)) return false;
    const fault = faultOfPair(found, new Date());
    const known = refused !== undefined && same(found, refused);
    refused = fault === undefined ? undefined : found;
    if (fault !== undefined) return !known && complain(log, fault);
    server.setSecureContext(tlsContext(found, files.clientCas));
    inForce = found;
    log.info(describe(found), 'TLS certificate replaced');
    return true;
  };
  const outdated = faultOfPair(inForce, new Date());
  // Served all the same: the files of the CRLs, on the same process, must not go with it.
  if (outdated !== undefined) log.error({ fault: outdated }, 'no client takes the TLS certificate of this listener: renew it');
  const timer = setInterval(() => void look(), everySeconds * 1_000).unref();
  return { look, stop: () => clearInterval(timer) };
}

async function read({ certificate, key }: TlsFiles): Promise<TlsPair | undefined> {
  try {
    return { certificate: await readFile(certificate.path, 'utf8'), key: await readFile(key.path, 'utf8') };
  } catch {
    return undefined;
  }
}

function complain(log: Logger, fault: string): false {
  log.error({ fault }, 'the new TLS certificate was not taken over; the one in force stays');
  return false;
}

function same(one: TlsPair, other: TlsPair): boolean {
  return one.certificate === other.certificate && one.key === other.key;
}

function describe({ certificate }: TlsPair): Record<string, string> {
  const { serialNumber, fingerprint256, validTo } = new X509Certificate(certificate);
  return { serialNumber, fingerprint256, validTo };
}
