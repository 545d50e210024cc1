import { X509Certificate } from 'node:crypto';

/** A certificate that the root issued: what it is known by, its serial, and when it could be used. */
export interface RootIssued {
  readonly id: string;
  /** Hex, lower case, two digits an octet: of any length, because another tool may have made the CA. */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Reads it from the certificate (DER). Throws an `Error` when it is none. Pure. */
export function rootIssued(id: string, der: Uint8Array): RootIssued {
  const { serialNumber, validFrom, validTo } = new X509Certificate(der);
  return { id, serial: serialNumber.toLowerCase(), notBefore: new Date(validFrom), notAfter: new Date(validTo) };
}
