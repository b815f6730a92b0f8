import { defined } from '#shared/core/defined.ts';
import { parseReference } from '#shared/core/reference.ts';
import type { Log } from '#shared/reconcile/deps.ts';
import type { Person } from '../check-person.ts';
import type { ApiDeps } from '../deps.ts';
import type { ResyncAccepted, ResyncBody } from '../schema/resync.ts';
import { judgeImage } from '../judge-image.ts';
import { type Selection, selectClusters } from './select-clusters.ts';

export interface Request {
  readonly id: string;
  readonly body: ResyncBody;
  readonly person: Person;
}

export type ResyncOutcome =
  | ({ readonly status: 'accepted' } & ResyncAccepted)
  /** The digest that was to be approved does not verify: nothing was tasked. */
  | { readonly status: 'not-verified'; readonly message: string };

/**
 * Tasks the clusters that `body` concerns, each to look for itself, and publishes who asked. The event comes first:
 * what was tried is on record even where it then failed. Throws what a retry may mend, with the same id.
 */
export async function requestResync(
  { id, body, person }: Request,
  deps: ApiDeps,
  log: Log,
): Promise<ResyncOutcome> {
  const selection = await selectClusters(body, deps);
  const refusal = await refuseUnverified(body, selection, deps);
  if (refusal !== undefined) return { status: 'not-verified', message: refusal };
  const { image, digest, cluster, sync, reason } = body;
  const { name: actor } = person;
  const about = defined({ image, digest });
  const clusters = selection.members.length;
  const data = { id, actor, ...about, ...defined({ cluster, sync, reason }), clusters };
  const since = deps.now().toISOString();
  const message = `${actor} asked for a resync of ${clusters} clusters`;
  await deps.publish({ type: 'resync.requested', data: { ...data, since, errors: [], message } });
  await deps.publishTasks(
    selection.members.map(({ name }) => ({ cluster: name, reason: 'resync', ...about, actor, id })),
  );
  log.info(data, 'Resync requested');
  return { status: 'accepted', id, clusters };
}

/** Why `digest` may not be approved ahead of its tag; undefined where it may, or none was named. */
async function refuseUnverified(
  { digest }: ResyncBody,
  { image }: Selection,
  deps: ApiDeps,
): Promise<string | undefined> {
  if (digest === undefined || image === undefined) return undefined;
  const reference = parseReference(`${image.reference.repository}@${digest}`);
  const judged = await judgeImage(reference, image.rule, deps);
  return judged.verdict.status === 'verified' ? undefined : judged.message;
}
