import type { z } from 'zod';

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
