import { createRoute } from '@hono/zod-openapi';
import { within } from '#shared/http/within.ts';
import { READ_DEADLINE_MS } from '../limits.ts';
import type { ApiDeps } from '../deps.ts';
import { answersOf } from '../schema/problem.ts';
import { VerifyAnswer, VerifyBody } from '../schema/verify.ts';
import { verifyImage } from '../verify-image.ts';

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
  const answer = await within(READ_DEADLINE_MS, verifyImage(image, deps));
  return Response.json(answer satisfies VerifyAnswer);
}
