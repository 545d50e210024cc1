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
  /** The file may hold any octets: the schema gets them one a character (latin1), and its problems go on after the path. */
  readonly octets?: true;
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
/** A number in decimal digits, and nothing that JavaScript also reads as one (0x10, 1e3); outside of its bounds a setting is a mistake. */
export const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number in decimal digits')
    .transform(Number)
    .pipe(z.number().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`));
export const port = whole(0, 65_535);
/** 30 days: enrollments may wait for days; whatever waits for less says so. */
export const seconds = (preset: number, most = 30 * 86_400) => whole(1, most).default(preset);
export const count = (preset: number, most = 1_000) => whole(1, most).default(preset);
export const flag = (preset: boolean) =>
  z
    .enum(['true', 'false'])
    .default(preset ? 'true' : 'false')
    .transform((word) => word === 'true');
/** A file that is looked at again while the process runs: its path and its content are the value. */
export const watchedPem = z.object({ path: z.string().min(1), content: pem });

/** As `file` or `secret`, of a file that is renewed while the process runs. */
export function watched<Schema extends z.ZodType>(env: string, key: boolean, schema: Schema, doc: string): Field<Schema> {
  return { env, schema, source: 'watched', key, doc };
}

/** Where health and metrics of every process are. */
export const internalHost = value('CS_INTERNAL_HOST', text.default('127.0.0.1'), 'Address of the listener for health and metrics.');
