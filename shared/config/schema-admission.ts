import * as z from 'zod';
import { type Check, finding } from './check.ts';
import { durationSchema } from './duration.ts';
import { MAX_REVIEW_MS, MIN_REVIEW_MS } from './limits.ts';

/** How admission reviews are answered (docs/adr/0013). */
export const admissionSchema = z
  .strictObject({
    mode: z
      .enum(['deny', 'warn'])
      .default('deny')
      .describe(
        'deny (default): what is not verified is refused; warn: it is let in with a warning, and recorded',
      ),
    unchanged: z
      .enum(['admit', 'verify'])
      .default('admit')
      .describe(
        'An image-to-sync that stays as it was: admit (default), or verify it again, so that a replaced key stops what it had signed',
      ),
    staleFor: durationSchema(0).prefault('10m').meta({
      description:
        'How long past its hour a good verdict still counts while the registry cannot be asked (default 10m), at most 168h; 0s: not at all',
    }),
    deadline: durationSchema(MIN_REVIEW_MS)
      .superRefine(finding(withinTimeout))
      .prefault('8s')
      .meta({
        description:
          'How long one review may take (default 8s), from 100ms to 29s; less where the API server waits for less',
      }),
  })
  .prefault({})
  .describe('How admission reviews are answered');

/** Kubernetes waits for no webhook longer than 30 seconds. */
function* withinTimeout(value: unknown): ReturnType<Check> {
  if (typeof value !== 'number' || value <= MAX_REVIEW_MS) return;
  const fix = `Write at most ${MAX_REVIEW_MS / 1000}s: no API server waits longer than 30s`;
  yield { kind: 'bad-value', problem: 'Is longer than an API server waits', fix };
}
