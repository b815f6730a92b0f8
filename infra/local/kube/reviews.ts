import * as z from 'zod';
import { badRequest } from './status.ts';

/** What each review of the caller's own rights answers, by group and kind: the server allows everything. */
const REVIEWS: Readonly<Record<string, (user: string) => object>> = {
  'authentication.k8s.io/v1 SelfSubjectReview': (username) => ({
    userInfo: { username, groups: ['system:authenticated'] },
  }),
  'authorization.k8s.io/v1 SelfSubjectAccessReview': () => ({
    allowed: true,
    reason: 'the embedded API server allows everything',
  }),
  'authorization.k8s.io/v1 SelfSubjectRulesReview': () => ({
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  }),
};

/** The path of each review, and what answers there: the body, as a caller of that name, with its status. */
export const REVIEW_PATHS: ReadonlyMap<string, (user: string, body: unknown) => object> = new Map(
  Object.entries(REVIEWS).map(([name, judge]) => {
    const [apiVersion = '', kind = ''] = name.split(' ');
    const answer = (user: string, body: unknown): object => {
      const review = reviewSchema.safeParse(body ?? {});
      if (!review.success) throw badRequest(`the body is no ${kind}`);
      return { ...review.data, kind, apiVersion, status: judge(user) };
    };
    return [`/apis/${apiVersion}/${kind.toLowerCase()}s`, answer];
  }),
);

const reviewSchema = z.looseObject({ metadata: z.looseObject({}).nullish() });
