import * as z from 'zod';
import { ImageName } from './common.ts';

export const VerifyBody = z.strictObject({ image: ImageName }).meta({ id: 'VerifyRequest' });

const Candidate = z.object({
  source: z.string().describe('Digest of the manifest or layer that carries the signature'),
  format: z.enum(['legacy', 'bundle', 'unknown']),
  predicateType: z.string().optional(),
  authority: z.string().optional(),
  reason: z.string().optional().describe('Absent: this authority accepted it'),
  detail: z.string().optional(),
  identity: z.string().optional(),
});

export const VerifyAnswer = z
  .object({
    image: z.string(),
    digest: z.string().optional().describe('Absent where the tag could not be resolved'),
    index: z.string().optional().describe('The index, where the digest is its child'),
    policy: z.string(),
    verdict: z.enum(['verified', 'unsigned', 'incomplete', 'untrusted', 'unusable']),
    authorities: z.array(z.string()),
    reasons: z.array(z.string()),
    candidates: z.array(Candidate),
    message: z.string().describe('One sentence: what it is, and what to do'),
    fix: z
      .string()
      .optional()
      .describe('The command that would mend it, where a signature or attestation would'),
  })
  .meta({ id: 'Verdict' });

export type VerifyAnswer = z.infer<typeof VerifyAnswer>;
