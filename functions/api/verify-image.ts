import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { formatReference, parseReference, type Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { reasonsOf, type Verdict } from '#shared/core/verdict.ts';
import { withDeadline } from '#shared/net/within.ts';
import { judgeResolution, policyOf } from '#shared/reconcile/judge-rsync.ts';
import { nameVersion } from '#shared/reconcile/name-version.ts';
import { explainVerdict, mendingCommand } from '#shared/trust/explain.ts';
import type { ApiDeps } from './deps.ts';
import { READ_DEADLINE_MS } from './limits.ts';
import { answerOf, answersOf, bodyOf, ImageName, NoQuery } from './schema.ts';

const VerifyBody = z.strictObject({ image: ImageName }).meta({ id: 'VerifyRequest' });

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
    version: z
      .string()
      .optional()
      .describe('Where versions are followed and the image has no tag: the one that is verified'),
    passedOver: z
      .array(z.string())
      .optional()
      .describe('The best of the other versions, and why each is passed over'),
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

export const verifyRoute = createRoute({
  method: 'post',
  path: '/v1/verify',
  operationId: 'verify',
  summary: 'What an image is under its trust policy',
  request: { query: NoQuery, body: bodyOf(VerifyBody) },
  responses: answersOf({
    200: answerOf(VerifyAnswer, 'The verdict, with what became of every candidate signature'),
  }),
});

type JudgeDeps = Pick<ApiDeps, 'rules' | 'resolver' | 'verifier' | 'policies'>;

/** What it takes to find the version that is followed, too. */
type VerifyDeps = JudgeDeps & Pick<ApiDeps, 'store' | 'tracks' | 'now'>;

/**
 * What an image is under the policy that the config has for it, with what became of every candidate. Throws
 * `bad-request`, and where it could not be found out.
 */
export async function verifyImage(image: string, deps: VerifyDeps): Promise<VerifyAnswer> {
  const { rule } = nameImage(image, deps);
  const { reference, release, passedOver } = await nameVersion(image, rule, deps);
  const named = { reference, rule };
  const { repository } = named.reference;
  const { policy, resolution, verdict, message } = await withDeadline(
    READ_DEADLINE_MS,
    'Verifying the image',
    () => judgeImage(named, deps),
  );
  const { digest, index } = { digest: undefined, index: undefined, ...resolution.image };
  const fix = digest && mendingCommand(verdict, policy, `${repository}@${index ?? digest}`);
  return {
    image: formatReference(named.reference),
    ...defined({ digest, index, fix, version: release?.version }),
    ...(release && { passedOver: [...passedOver] }),
    policy: policy.name,
    verdict: verdict.status,
    authorities: verdict.status === 'verified' ? [...verdict.authorities] : [],
    reasons: [...reasonsOf(verdict)],
    candidates: 'candidates' in verdict ? [...(verdict.candidates ?? [])] : [],
    message,
  };
}

/** An image of the config, and the entry that names it. */
export interface NamedImage {
  readonly reference: Reference;
  readonly rule: ImageRule;
}

/** Only images of the config: this is no way to make us call any host. Throws `bad-request`, `bad-reference`. */
export function nameImage(image: string, { rules }: Pick<ApiDeps, 'rules'>): NamedImage {
  const reference = parseReference(image);
  const rule = rules.match(reference.repository);
  if (rule !== undefined) return { reference, rule };
  const message = `json.image: no entry of "images" in the config names ${reference.repository}`;
  throw new CountersignError('bad-request', message);
}

export interface JudgedImage {
  readonly policy: TrustPolicy;
  readonly resolution: Resolution;
  readonly verdict: Verdict;
  /** One sentence: what it is, and what to do. */
  readonly message: string;
}

/** Resolves a reference afresh and verifies what it is. Throws where that could not be found out. */
export async function judgeImage(
  { reference, rule: { trust } }: NamedImage,
  deps: JudgeDeps,
): Promise<JudgedImage> {
  const policy = policyOf(deps.policies, trust);
  const resolution = await deps.resolver.fresh(reference);
  const verdict = await judgeResolution({ reference, resolution, policy }, { fresh: true }, deps);
  return { policy, resolution, verdict, message: explainVerdict(verdict, policy) };
}
