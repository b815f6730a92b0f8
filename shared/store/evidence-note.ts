import * as z from 'zod';
import { CHECK_OUTCOMES, MAX_CHECKS } from '#shared/core/rollout/checks.ts';

/** What checks came to last, for people and for the next look: losing it begins the time of the checks anew. */
export const EvidenceFields = z.object({
  /** Of the roll-out. */
  id: z.string(),
  stage: z.string(),
  at: z.iso.datetime(),
  findings: z
    .array(
      z.object({
        name: z.string(),
        outcome: z.enum(CHECK_OUTCOMES),
        value: z.string().exactOptional(),
        problem: z.string().exactOptional(),
      }),
    )
    .max(MAX_CHECKS),
});
