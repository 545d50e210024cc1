import { X509Certificate } from 'node:crypto';
import { type SerialHex, toSerialHex } from '../../contract/ids.ts';

/** A certificate that the root issued: what it is known by, its serial, and until when it could be used. */
export interface RootIssued {
  readonly id: string;
  readonly serial: SerialHex;
  readonly notAfter: Date;
}

/** Reads it from the certificate (DER). Throws an `Error` when it is none, or its serial is none of this service. Pure. */
export function rootIssued(id: string, der: Uint8Array): RootIssued {
  const { serialNumber, validTo } = new X509Certificate(der);
  return { id, serial: toSerialHex(serialNumber.toLowerCase()), notAfter: new Date(validTo) };
}
