import * as z from 'zod';
import { groupVersion } from './kinds.ts';
import type { Call } from './request.ts';
import { badRequest } from './status.ts';

/** What each review of the caller's own rights answers: the server allows everything. */
const REVIEWS: Readonly<Record<string, (user: string) => object>> = {
  SelfSubjectReview: (username) => ({
    userInfo: { username, groups: ['system:authenticated'] },
  }),
  SelfSubjectAccessReview: () => ({
    allowed: true,
    reason: 'the embedded API server allows everything',
  }),
  SelfSubjectRulesReview: () => ({
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  }),
};

const reviewSchema = z.looseObject({ metadata: z.looseObject({}).nullish() });

/** The body of a review with its answer in the status; undefined for a kind that is no review. */
export function answerReview({ kind, request, target }: Call, body: unknown): object | undefined {
  const judge = REVIEWS[kind.kind];
  if (judge === undefined) return undefined;
  const review = reviewSchema.safeParse(body ?? {});
  if (!review.success) throw badRequest(`the body is no ${kind.kind}`);
  const apiVersion = groupVersion(kind.group, target.version);
  return { ...review.data, kind: kind.kind, apiVersion, status: judge(request.user) };
}
