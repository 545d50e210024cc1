import { z } from 'zod';

/** The number inside of a default, an option or a conversion, with its bounds; undefined when a setting is none. */
export function numberIn(schema: z.core.$ZodType): z.ZodNumber | undefined {
  if (schema instanceof z.ZodNumber) return schema;
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return numberIn(schema.def.innerType);
  return schema instanceof z.ZodPipe ? numberIn(schema.def.out) : undefined;
}
