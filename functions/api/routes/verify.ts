import { createRoute } from '@hono/zod-openapi';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { formatReference, parseReference } from '#shared/core/reference.ts';
import { reasonsOf } from '#shared/core/verdict.ts';
import { withDeadline } from '#shared/net/within.ts';
import { mendingCommand } from '#shared/trust/explain.ts';
import type { ApiDeps } from '../deps.ts';
import { judgeImage } from '../judge-image.ts';
import { READ_DEADLINE_MS } from '../limits.ts';
import { answersOf } from '../schema/common.ts';
import { VerifyAnswer, VerifyBody } from '../schema/verify.ts';

export const verifyRoute = createRoute({
  method: 'post',
  path: '/v1/verify',
  operationId: 'verify',
  summary: 'What an image is under its trust policy',
  request: { body: { required: true, content: { 'application/json': { schema: VerifyBody } } } },
  responses: answersOf({
    200: {
      description: 'The verdict, with what became of every candidate signature',
      content: { 'application/json': { schema: VerifyAnswer } },
    },
  }),
});

/** Answers with the verdict, whatever it is. */
export async function answerVerify(image: string, deps: ApiDeps): Promise<Response> {
  const answer = await withDeadline(READ_DEADLINE_MS, 'Verifying the image', () =>
    verifyImage(image, deps),
  );
  return Response.json(answer satisfies VerifyAnswer);
}

/**
 * What an image is under the policy that the config has for it, with what became of every candidate. Only images of
 * the config: this is no way to make us call any host. Throws `bad-request`, and where it could not be found out.
 */
async function verifyImage(
  image: string,
  deps: Pick<ApiDeps, 'rules' | 'resolver' | 'verifier' | 'policies'>,
): Promise<VerifyAnswer> {
  const reference = parseReference(image);
  const rule = deps.rules.match(reference.repository);
  if (rule === undefined) {
    const message = `json.image: no entry of "images" in the config names ${reference.repository}`;
    throw new CountersignError('bad-request', message);
  }
  const { policy, resolution, verdict, message } = await judgeImage(reference, rule, deps);
  const found = resolution.image;
  const fix =
    found.status === 'resolved'
      ? mendingCommand(verdict, policy, `${reference.repository}@${found.index ?? found.digest}`)
      : undefined;
  const { digest, index } = { digest: undefined, index: undefined, ...found };
  return {
    image: formatReference(reference),
    ...defined({ digest, index }),
    policy: policy.name,
    verdict: verdict.status,
    authorities: verdict.status === 'verified' ? [...verdict.authorities] : [],
    reasons: [...reasonsOf(verdict)],
    candidates:
      'candidates' in verdict ? (verdict.candidates ?? []).map((outcome) => ({ ...outcome })) : [],
    message,
    ...defined({ fix }),
  };
}
