import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { derOrPem } from '../core/pki/der-or-pem.ts';
import { writePem } from '../core/pki/write-pem.ts';
import type { Field } from './field.ts';

/** One CA certificate, as DER or one strict PEM block; the value is PEM. Problems go on after the path of the file. */
const caCertificate = z.string().transform((content, context) => {
  try {
    const der = derOrPem(Buffer.from(content, 'latin1'), 'CERTIFICATE');
    if (isCa(der)) return writePem('CERTIFICATE', der);
    context.addIssue('holds a certificate that is none of a CA');
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : 'cannot be read');
  }
  return z.NEVER;
});

function isCa(der: Uint8Array): boolean {
  try {
    return new X509Certificate(der).ca;
  } catch {
    throw new Error('holds something else than a certificate, or only a part of one');
  }
}

/** A setting that names a file with one CA certificate. */
export function caFile(env: string, doc: string): Field<typeof caCertificate> {
  return { env, schema: caCertificate, source: 'file', octets: true, key: false, doc: `${doc} PEM (one block) or DER.` };
}

/** The same, for a process that can do without. */
export function optionalCaFile(env: string, doc: string): Field<z.ZodOptional<typeof caCertificate>> {
  return { ...caFile(env, doc), schema: caCertificate.optional() };
}
