import * as z from 'zod';
import { finding } from './check.ts';
import { MAX_DURATION_MS } from './limits.ts';

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const DURATION = /^(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|[hms]))+$/;
const PART = /([0-9.]+)(ms|[hms])/g;

/** Milliseconds of a duration as Go writes it (`15m`, `1h30m`, `1.5s`), rounded; undefined when it is not one. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  const parts = [...text.matchAll(PART)];
  return Math.round(
    parts.reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (UNIT_MS[unit] ?? 0), 0),
  );
}

/** A duration of at least `minMs`, as milliseconds. */
export function durationSchema(
  minMs: number,
): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  return z
    .string()
    .regex(DURATION, 'Is not a duration')
    .superRefine(
      finding(function* bounded(text) {
        const duration = typeof text === 'string' ? parseDuration(text) : undefined;
        if (duration === undefined) return;
        if (duration < minMs || duration > MAX_DURATION_MS) {
          const fix = `Write at least ${minMs}ms and at most ${MAX_DURATION_MS / 3_600_000}h`;
          yield { kind: 'bad-value', problem: 'Is out of range', fix };
        }
      }),
    )
    .meta({ examples: ['15m', '1h30m'] })
    .transform((text) => parseDuration(text) ?? 0);
}
