import { z } from 'zod';

/**
 * One setting. `source` says where the value comes from: the variable itself, or the file that the variable names; of a watched file
 * path and content are the value, because it is read again while the process runs.
 * A setting with `key` holds a secret that only the processes which list it may be given.
 */
export interface Field<Schema extends z.ZodType = z.ZodType> {
  readonly env: string;
  readonly schema: Schema;
  readonly source: 'value' | 'file' | 'watched';
  readonly key: boolean;
  readonly doc: string;
}

export function value<Schema extends z.ZodType>(env: string, schema: Schema, doc: string): Field<Schema> {
  return { env, schema, source: 'value', key: false, doc };
}

export function file<Schema extends z.ZodType>(env: string, schema: Schema, doc: string): Field<Schema> {
  return { env, schema, source: 'file', key: false, doc };
}

/** A secret: always in a file (a container's secret mount), never in a variable. */
export function secret<Schema extends z.ZodType>(env: string, schema: Schema, doc: string): Field<Schema> {
  return { env, schema, source: 'file', key: true, doc };
}

export const text = z.string().min(1);
export const pem = z.string().regex(/-----BEGIN [A-Z ]+-----/, 'must hold a PEM block');
export const url = z.url({ protocol: /^https?$/ });
/** A base that paths are appended to. */
export const base = (address: z.ZodURL) => address.refine((text) => !text.endsWith('/'), 'must not end with a slash');
export const port = z.coerce.number().int().min(0).max(65_535);
export const seconds = (preset: number) =>
  z.coerce
    .number()
    .int()
    .min(1)
    .max(30 * 86_400)
    .default(preset);
export const count = (preset: number, most = 1_000) => z.coerce.number().int().min(1).max(most).default(preset);
export const flag = (preset: boolean) =>
  z
    .enum(['true', 'false'])
    .default(preset ? 'true' : 'false')
    .transform((word) => word === 'true');
/** Where health and metrics of every process are. */
export const internalHost = value('CS_INTERNAL_HOST', text.default('127.0.0.1'), 'Address of the listener for health and metrics.');
