import { z } from 'zod';

/*
 * A segment file is NDJSON: the header, one line a row in order of place, each checkpoint after the row that it closes; the last line is a
 * checkpoint. It carries its public keys, so that it can be judged without the database (docs/audit.md, ADR 37).
 */

const place = { seq: z.number().int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/) };

const header = z.strictObject({
  kind: z.literal('cs-audit-segment'),
  v: z.literal(1),
  start: z.strictObject(place),
  through: z.number().int(),
  keys: z.array(z.looseObject({ kid: z.string() })),
});
const row = z.strictObject({
  ...place,
  id: z.string(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  enrollmentId: z.string().nullable(),
  userId: z.string().nullable(),
  outcome: z.string(),
  detail: z.string(),
});
const checkpoint = z.strictObject({ checkpoint: z.strictObject({ ...place, kid: z.string(), jws: z.string() }) });

export type SegmentHeader = z.infer<typeof header>;
export type SegmentRow = z.infer<typeof row>;
export type SegmentCheckpoint = z.infer<typeof checkpoint>;

/** Throws a sentence when the file is no segment. */
export function parseHeader(line: string): SegmentHeader {
  return parse(header, line, 1);
}

export function parseLine(line: string, number: number): SegmentRow | SegmentCheckpoint {
  return parse(z.union([row, checkpoint]), line, number);
}

function parse<Schema extends z.ZodType>(schema: Schema, line: string, number: number): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    throw new Error(`Line ${number} is not one of an audit segment: name a file that cs audit export wrote, unchanged.`);
  }
}
