import { createRoute } from '@hono/zod-openapi';
import type * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import type { Command } from '#shared/core/rollout/command.ts';
import { rolloutId } from '#shared/core/rollout/id.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { answerOf, answersOf, bodyOf, IdempotencyHeaders, NoQuery } from '../schema.ts';
import {
  ApproveBody,
  Conflict,
  DecisionAnswer,
  DecisionBody,
  PromoteBody,
  ResumeBody,
  RollbackBody,
  StartBody,
} from './decision-operation.ts';
import type { StagedDeps } from './deps.ts';
import type { FoundRollout } from './find-rollout.ts';
import { lookUpClusters, type Named, NOTHING } from './look-up-clusters.ts';
import { lookUpPromotion } from './look-up-promotion.ts';
import { lookUpStart } from './look-up-start.ts';
import { lookUpTarget } from './look-up-target.ts';
import { RolloutPath } from './operation.ts';

/** One thing that a person may decide of a roll-out. */
export interface Verb<Body extends DecisionBody = DecisionBody> {
  readonly name: Command['do'];
  readonly summary: string;
  readonly description: string;
  readonly body: z.ZodType<Body>;
  /** Who may: every invoker, overriders alone, or those whom the stage names, as the strategy has it. */
  readonly right: 'invokers' | 'approvers' | 'overriders';
  /** Whether what is asked for needs an overrider: it goes past what the strategy has shown to work. */
  isOverride?(named: Named, record: RolloutRecord): boolean;
  /** Looks up what the body names, once, before anything is decided. Throws where there is no such thing. */
  lookUp?(body: Body, found: FoundRollout, deps: StagedDeps): Promise<Named>;
  command(body: Body, named: Named, record: RolloutRecord): Command;
}

const PAUSE: Verb = {
  name: 'pause',
  right: 'invokers',
  summary: 'Let nothing more in, until a person resumes it',
  description:
    'What is approved stays approved. A newer digest does not end a pause. Invokers may pause.',
  body: DecisionBody,
  command: () => ({ do: 'pause' }),
};

const RESUME: Verb<z.infer<typeof ResumeBody>> = {
  name: 'resume',
  right: 'invokers',
  summary: 'Go on with what is paused or halted',
  description: 'With `ignore` also although these clusters failed, or are out of reach.',
  body: ResumeBody,
  lookUp: ({ ignore = [] }, _, deps) => lookUpClusters(ignore, deps),
  command: (_, { clusters }) => ({ do: 'resume', ignore: clusters }),
};

const ABORT: Verb = {
  name: 'abort',
  right: 'invokers',
  summary: 'End it where it is',
  description:
    'Clusters that have the digest keep it, and no other gets it. A newer digest starts a roll-out of its own.',
  body: DecisionBody,
  command: () => ({ do: 'abort' }),
};

const APPROVE: Verb<z.infer<typeof ApproveBody>> = {
  name: 'approve',
  summary: 'Approve the stage that has soaked, so that the next one opens',
  description:
    'Only once its soak is over, by those whom the stage names, and not by the one who started the roll-out.',
  body: ApproveBody,
  right: 'approvers',
  // An approval of what no worker would approve any more would open a stage in which everything waits.
  lookUp: (_, found, deps) => lookUpTarget(found.record.digest, found, deps),
  command: ({ stage }) => ({ do: 'approve', stage }),
};

const ROLLBACK: Verb<z.infer<typeof RollbackBody>> = {
  name: 'rollback',
  right: 'invokers',
  summary: 'Take every cluster that has the digest back, at once',
  description:
    'To what was completed last, or to `to`, which must verify, and needs an overrider where it is another. The digest is rejected from then on: only a retry rolls it out again.',
  body: RollbackBody,
  lookUp: async ({ to }, found, deps) =>
    to === undefined ? NOTHING : lookUpTarget(to, found, deps),
  // It reaches every cluster that has the digest at once, through no stage.
  isOverride: ({ target }, { previous }) => target !== undefined && target.key !== previous,
  command: (_, { target }, { image, previous, digest, version }) => ({
    do: 'rollback',
    id: rolloutId(image, target?.key ?? previous ?? digest, version + 1),
    ...defined({ to: target?.key, index: target?.index, release: target?.release }),
  }),
};

const RETRY: Verb = {
  name: 'retry',
  right: 'invokers',
  summary: 'Roll the digest out again, from the first stage',
  description: 'Of what was halted, aborted or rolled back. Who retries is who started it.',
  body: DecisionBody,
  command: (_, __, { image, kind, digest, rejected, version }) => {
    const again = kind === 'rollback' ? (rejected.at(-1) ?? digest) : digest;
    return { do: 'retry', id: rolloutId(image, again, version + 1) };
  },
};

const PROMOTE: Verb<z.infer<typeof PromoteBody>> = {
  name: 'promote',
  right: 'overriders',
  summary: 'Let all clusters up to a stage in at once, without soak, approval or turn',
  description:
    'For an emergency. What is not verified, or lacks the signature that a stage asks for, stays out; failures go on to halt it.',
  body: PromoteBody,
  lookUp: (_, found, deps) => lookUpPromotion(found, deps),
  command: ({ stage, overrideWindows, includeHeld }, { signedBy = [] }) => ({
    do: 'promote',
    signedBy,
    ...defined({
      stage,
      windows: overrideWindows === true ? (true as const) : undefined,
      held: includeHeld === true ? (true as const) : undefined,
    }),
  }),
};

/** Of an image, whatever it rolls out. */
export const START: Verb<z.infer<typeof StartBody>> = {
  name: 'start',
  right: 'invokers',
  summary: 'Roll out what the tag names, or a digest, from the first stage',
  description:
    'What is verified, and not what was rolled back. With `digest`, what the tag names is passed over until the tag moves.',
  body: StartBody,
  lookUp: ({ digest }, found, deps) => lookUpStart(digest, found, deps),
  command: (_, { target, passedOver, passedRelease }, { image, digest, resolvedAt, version }) => {
    const { key, ...of } = target ?? { key: digest, resolvedAt };
    const id = rolloutId(image, key, version + 1);
    const releases = passedOver && passedRelease ? { [passedOver]: passedRelease } : undefined;
    const passed = defined({ passedOver, releases });
    return { do: 'start', arrival: { ...of, digest: key, id }, ...passed };
  },
};

const VERBS: readonly Verb[] = [PAUSE, RESUME, ABORT, APPROVE, PROMOTE, ROLLBACK, RETRY];

const ANSWERS = answersOf({
  200: answerOf(DecisionAnswer, 'Decided; with `dryRun`: what would be decided'),
  409: answerOf(
    Conflict,
    'It has changed meanwhile (`rollout-changed`), or this cannot be decided now',
    'application/problem+json',
  ),
});

/** Every decision with its operation, `POST /v1/rollouts/{id}/<verb>`, in the order of the document. */
export const DECISIONS = VERBS.map((verb) => {
  const { name, summary, description, body } = verb;
  const route = createRoute({
    method: 'post',
    path: `/v1/rollouts/{id}/${name}`,
    operationId: `${name}Rollout`,
    summary,
    description,
    request: {
      params: RolloutPath,
      query: NoQuery,
      headers: IdempotencyHeaders,
      body: bodyOf(body),
    },
    responses: ANSWERS,
  });
  return { verb, route };
});

/** `POST /v1/rollouts`. */
export const startRoute = createRoute({
  method: 'post',
  path: '/v1/rollouts',
  operationId: 'startRollout',
  summary: START.summary,
  description: START.description,
  request: { query: NoQuery, headers: IdempotencyHeaders, body: bodyOf(StartBody) },
  responses: ANSWERS,
});
