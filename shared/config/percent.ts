import * as z from 'zod';

const PERCENT = /^(?:100(?:\.0{1,9})?|[0-9]{1,2}(?:\.[0-9]{1,9})?)%$/;

/** `0%` to `100%`, as a fraction between 0 and 1. */
export function percentSchema(): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  return z
    .string()
    .regex(PERCENT, 'Is not a percentage')
    .meta({ examples: ['5%'] })
    .transform((text) => Number(text.slice(0, -1)) / 100);
}
