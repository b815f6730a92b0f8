import { LRUCache } from 'lru-cache';
import { defined } from '#shared/core/defined.ts';
import type { Log } from '#shared/reconcile/deps.ts';
import { type Person, requireInvoker } from '../check-person.ts';
import type { ApiDeps } from '../deps.ts';
import { hashOf, keyWasUsed } from '../idempotency.ts';
import { ANSWER_TTL_MS, MAX_ANSWERS } from '../limits.ts';
import { judgeImage } from '../verify-image.ts';
import type { StagedDeps } from '../rollouts/deps.ts';
import type { ResyncBody } from './operation.ts';
import { selectClusters } from './select-clusters.ts';

export interface ResyncDeps extends ApiDeps {
  readonly answerOnce: AnswerOnce;
  /** Absent: there are no roll-outs. */
  readonly staged: Pick<StagedDeps, 'staging'> | undefined;
}

export type ResyncOutcome =
  | { readonly status: 'accepted'; readonly clusters: number }
  /** The digest that was to be approved does not verify: nothing was tasked. */
  | { readonly status: 'not-verified' | 'rejected'; readonly message: string };

/** Requests a resync, once for each key of a person, and gives its id. Throws `forbidden` for a viewer. */
export async function requestOnce(
  { body, person, key }: { body: ResyncBody; person: Person; key: string | undefined },
  deps: ResyncDeps,
  log: Log,
): Promise<ResyncOutcome & { readonly id: string }> {
  requireInvoker(person);
  const id = key === undefined ? deps.newId() : idOfKey(person.name, key);
  const request = { id, body, actor: person.name };
  return { ...(await deps.answerOnce(id, body, () => requestResync(request, deps, log))), id };
}

/**
 * Tasks the clusters that `body` concerns, each to look for itself, and publishes who asked. The event comes first:
 * what was tried is on record even where it then failed. Throws what a retry may mend, with the same id.
 */
async function requestResync(
  { id, body, actor }: { id: string; body: ResyncBody; actor: string },
  deps: ResyncDeps,
  log: Log,
): Promise<ResyncOutcome> {
  const { members, image: named, ahead } = await selectClusters(body, deps);
  if (named !== undefined && ahead !== undefined) {
    const { verdict, message, resolution } = await judgeImage({ ...named, reference: ahead }, deps);
    if (verdict.status !== 'verified') return { status: 'not-verified', message };
    const rejected = await findRejection(ahead.repository, resolution.image, deps);
    if (rejected !== undefined) return { status: 'rejected', message: rejected };
  }
  const { image, digest, cluster, sync, reason } = body;
  const about = defined({ image, digest });
  const clusters = members.length;
  const data = { id, actor, ...about, ...defined({ cluster, sync, reason }), clusters };
  const since = deps.now().toISOString();
  const message = `${actor} asked for a resync of ${clusters} clusters`;
  await deps.publish({ type: 'resync.requested', data: { ...data, since, errors: [], message } });
  await deps.publishTasks(
    members.map(({ name }) => ({ cluster: name, reason: 'resync', ...about, actor, id })),
  );
  log.info(data, 'Resync requested');
  return { status: 'accepted', clusters };
}

/** Why no worker would approve it ahead of its tag: a roll-out of the repository has rejected it. */
async function findRejection(
  repository: string,
  image: ImageResolution,
  { staged }: Pick<ResyncDeps, 'staged'>,
): Promise<string | undefined> {
  if (staged === undefined || image.status !== 'resolved') return undefined;
  const entries = await staged.staging.records.ofRepository(repository);
  const { record } = entries.find((one) => one.record?.rejected.includes(image.digest)) ?? {};
  return record && `${image.digest} was rolled back by ${record.id}: only a retry brings it again`;
}

type ImageResolution = Awaited<ReturnType<typeof judgeImage>>['resolution']['image'];

/** Throws `bad-request` where the id stands for another request, and what `answer` throws. */
export type AnswerOnce = (
  id: string,
  body: ResyncBody,
  answer: () => Promise<ResyncOutcome>,
) => Promise<ResyncOutcome>;

/**
 * Answers once for each id, in this instance; a failure is not remembered. Another instance answers anew, with the same
 * id: the tasks are harmless twice (law 1), and the event has the same `ce-id`.
 */
export function rememberAnswers(): AnswerOnce {
  const limits = { max: MAX_ANSWERS, ttl: ANSWER_TTL_MS };
  const known = new LRUCache<string, { request: string; reply: Promise<ResyncOutcome> }>(limits);
  return async (id, body, answer) => {
    const request = JSON.stringify(body);
    const last = known.get(id);
    if (last?.request === request) return last.reply;
    if (last !== undefined) throw keyWasUsed();
    const reply = answer();
    known.set(id, { request, reply });
    reply.catch(() => known.delete(id));
    return reply;
  };
}

/** The id of a resync that a caller sends under a key of their own: the same for the same caller and key. */
function idOfKey(person: string, key: string): string {
  return hashOf([person, key]).slice(0, 32);
}
