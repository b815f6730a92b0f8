import { defined } from '#shared/core/defined.ts';
import type { Digest } from '#shared/core/digest.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { type Reference, formatReference, parseReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { versionsOf } from '#shared/core/track/stream.ts';
import type { TaskReason } from '#shared/core/task.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { type FanOut, type FanOutDeps, fanOut } from '#shared/reconcile/fan-out.ts';
import { judgeResolution, policyOf } from '#shared/reconcile/judge-rsync.ts';
import { publishUnchecked, publishVerdict } from '#shared/reconcile/publish-verdict.ts';
import type { Notification } from '#shared/registry/notifications/notification.ts';
import type { ResolveNow } from '#shared/rollouts/way-back.ts';
import { type PushedReference, dropUnfollowed, listAnew } from './drop-unfollowed.ts';
import {
  type Concerns,
  type Pushed,
  type StepPushedDeps,
  stepPushed,
  stepSigned,
} from './step-pushed.ts';

export interface PushDeps extends ImageDeps, Pick<FanOutDeps, 'fleet' | 'publishTasks'> {
  /** The digest that an untagged manifest refers to, if it refers to one. */
  readonly subjectOf: (repository: string, digest: Digest) => Promise<Digest | undefined>;
  /** Tags that lead to a digest, by way of an index too. */
  readonly tagsOf: (repository: string, digest: Digest) => Promise<{ tags: readonly string[] }>;
  /** Rules whose signatures are kept in that repository instead of beside the image. */
  readonly signedIn: (repository: string) => readonly ImageRule[];
  /** Whether what a roll-out replaces is still there: past every cache. */
  readonly resolveNow: ResolveNow;
}

/**
 * One notification of a registry: judges what was pushed, publishes the verdict, and tasks the clusters that follow it.
 * The notification is a hint: no matter what it says, the registry is read anew. Throws what a retry may mend.
 */
export async function handlePush(notification: Notification, deps: PushDeps): Promise<void> {
  const { action, repository } = notification;
  const fields = { action, repository, tag: notification.tag, digest: notification.digest };
  const rule = deps.rules.match(repository);
  if (action === 'DELETE') {
    // The sweep finds what a deletion means for those who are on it; a moved tag has an INSERT of its own.
    if (rule !== undefined) await listAnew(notification, rule, deps);
    deps.log.info(fields, 'Deletion noted');
    return;
  }
  if (rule === undefined) {
    await handleForeignRepository(notification, fields, deps);
    return;
  }
  const push = await interpret(notification, deps);
  const followed = await dropOthers(push.references, rule, notification, deps);
  const verified: Pushed[] = [];
  for (const { reference, release } of followed) {
    const named = defined({ reference, release });
    const resolution = await judgePush(named, rule, notification, deps);
    if (resolution !== undefined) verified.push({ reference, resolution });
  }
  if (verified.length === 0) {
    deps.log.info(fields, 'Nothing to approve');
    return;
  }
  const [first = repository] = followed.map(({ reference }) => formatReference(reference));
  const cause = { reason: push.reason, image: first, id: notification.id };
  const clusters = await fanOutInStages({ repository, rule }, cause, deps, (staged) =>
    stepPushed(verified, rule, notification.publishedAt, staged),
  );
  deps.log.info({ ...fields, reason: push.reason, clusters }, 'Clusters tasked');
}

/** A repository that holds other repositories' signatures: who signs what is for the clusters' reconciles to find. */
async function handleForeignRepository(
  { id, repository, kind }: Notification,
  fields: Readonly<Record<string, unknown>>,
  deps: PushDeps,
): Promise<void> {
  const rules = kind === 'image' ? [] : deps.signedIn(repository);
  if (rules.length === 0) {
    deps.log.info(fields, 'Repository is not named by the config');
    return;
  }
  const cause = { reason: 'signature', id } as const;
  for (const rule of rules) {
    await fanOutInStages({ rule }, cause, deps, (staged) => stepSigned(rule, staged));
  }
  deps.log.info(fields, 'Clusters tasked for a signature');
}

/** Tasks all that follow; where the images of the rule have a strategy, `step` finds out who has something to do. */
async function fanOutInStages(
  to: FanOut,
  cause: Parameters<typeof fanOut>[1] & { readonly id: string },
  deps: PushDeps,
  step: (deps: StepPushedDeps) => Promise<Concerns>,
): Promise<number> {
  const { staging } = deps;
  if (staging?.strategies.of(to.rule) === undefined) return fanOut(to, cause, deps);
  const listed = await deps.fleet.list();
  const concerns = await step({ ...deps, staging, listed, cause: cause.id });
  const fleet = { list: async () => listed };
  return fanOut({ ...to, concerns }, cause, { ...deps, fleet });
}

/** Drops the tags that an entry that follows versions does not follow: no cluster is tasked for them. */
async function dropOthers(
  references: readonly Reference[],
  rule: ImageRule,
  { publishedAt, kind }: Notification,
  deps: PushDeps,
): Promise<readonly PushedReference[]> {
  if (versionsOf(rule) === undefined) return references.map((reference) => ({ reference }));
  const pushed = { references, rule, at: publishedAt, isNew: kind === 'image' };
  return dropUnfollowed(pushed, deps);
}

/** What was pushed, seen from the image: a signature stands for every tag of its subject. */
async function interpret(
  notification: Notification,
  deps: PushDeps,
): Promise<{ readonly reason: TaskReason; readonly references: readonly Reference[] }> {
  const { repository, tag, digest, kind } = notification;
  if (kind === 'image') {
    return { reason: 'push', references: [parseReference(`${repository}:${tag}`)] };
  }
  const subject =
    kind === 'untagged'
      ? digest && (await deps.subjectOf(repository, digest))
      : notification.subject;
  if (subject === undefined) {
    // A child of an index, or an image pushed by digest to be signed before it is tagged.
    const references = digest ? [parseReference(`${repository}@${digest}`)] : [];
    return { reason: 'push', references };
  }
  const { tags } = await deps.tagsOf(repository, subject);
  const names =
    tags.length > 0 ? tags.map((of) => `${repository}:${of}`) : [`${repository}@${subject}`];
  return { reason: 'signature', references: names.map((name) => parseReference(name)) };
}

/** Resolves and verifies one reference, and publishes the verdict. Returns what it is, where it verifies. */
async function judgePush(
  named: PushedReference,
  rule: ImageRule,
  { id, publishedAt }: Notification,
  deps: PushDeps,
): Promise<Resolution | undefined> {
  const { reference } = named;
  const policy = policyOf(deps.policies, rule.trust);
  try {
    const resolution = await deps.resolver.resolve(reference, publishedAt);
    const verdict = await judgeResolution({ reference, resolution, policy }, { fresh: true }, deps);
    if (reference.tag !== undefined || !isNothingYet(verdict)) {
      const judged = { ...named, resolution, verdict, policy: policy.hash };
      if ((await publishVerdict(judged, id, deps)) === 'busy') {
        // What is published now is older, and may be all that is published: this message has to come again.
        const message = `Another function publishes what ${formatReference(reference)} is at this moment`;
        throw new CountersignError('publish-failed', message);
      }
    }
    return verdict.status === 'verified' ? resolution : undefined;
  } catch (error) {
    const failure = toFailure(error);
    if (failure.code !== 'publish-failed' && failure.code !== 'store-unavailable') {
      await publishUnchecked(reference, failure, id, deps);
    }
    throw failure;
  }
}

/**
 * Of what has no tag: unsigned is how an image begins that is signed before it is tagged, and what has no config in it
 * is the child of an index that no cluster pulls, or a build's provenance. Neither is worth an event.
 */
function isNothingYet(verdict: Verdict): boolean {
  if (verdict.status === 'unsigned') return true;
  if (verdict.status !== 'unusable') return false;
  return verdict.reason === 'layer-not-tar' || verdict.reason === 'empty-source';
}
