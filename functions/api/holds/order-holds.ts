import { defined } from '#shared/core/defined.ts';
import { MAX_HOLD } from '#shared/core/annotations.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { cleanLine } from '#shared/core/foreign-text.ts';
import { type HoldOrder, formatHold, holdOfOrder } from '#shared/core/hold.ts';
import type { Log } from '#shared/reconcile/deps.ts';
import type { Orders } from '#shared/records/orders.ts';
import { writeOrders } from '#shared/records/orders-schema.ts';
import type { HoldEvent } from '#shared/status/events.ts';
import type { Person } from '../check-person.ts';
import type { ApiDeps } from '../deps.ts';
import { findCluster } from '../find-cluster.ts';
import { hashOf } from '../idempotency.ts';
import type { HoldsOrdered } from './operation.ts';
import { type HeldSync, readHeld } from './read-held.ts';

/** What a person asks for. */
export interface AskedHold {
  readonly does: HoldOrder['does'];
  readonly cluster: string;
  /** Absent: every RSync that the cluster has now. */
  readonly sync?: string | undefined;
  readonly reason: string;
  readonly until?: string | undefined;
  readonly dryRun: boolean;
  readonly person: Person;
  /** The idempotency key, if one was sent. */
  readonly key: string | undefined;
}

/** Losing to other writers this often in a row is no accident. */
const MAX_ATTEMPTS = 5;
/** Texts that one order takes away: what stands there, and what was ordered and may. */
const MAX_LIFTS = 4;

/** One RSync whose hold changes. */
interface Changed extends HeldSync {
  readonly order: HoldOrder;
  /** What holds until then. */
  readonly before?: string;
}

/**
 * Orders holds, or that they be lifted: publishes it, records it over what was ordered before, and tasks the cluster. What
 * is so already is not ordered again. Undefined where the cluster has no such RSync. Throws `cluster-not-found`,
 * `bad-request`, `store-unavailable`, `too-large`, `publish-failed`.
 */
export async function orderHolds(
  asked: AskedHold,
  { orders, ...deps }: ApiDeps & { readonly orders: Orders },
  log: Log,
): Promise<HoldsOrdered | undefined> {
  const made = orderOf(asked, deps);
  const member = await findCluster(asked.cluster, deps.fleet);
  const { name: cluster } = member;
  const present = await readHeld(member, asked.sync, deps);
  if (asked.sync !== undefined && present.syncs.length === 0) return undefined;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const found = await orders.read(cluster);
    const known = new Map(found.orders.map((order) => [order.sync, order]));
    const changed = present.syncs.flatMap((one) => change(one, known.get(one.sync), made) ?? []);
    const answer = answerOf(asked, cluster, changed, present.asked);
    if (asked.dryRun || changed.length === 0) return answer;
    const replaced = new Set(changed.map(({ sync }) => sync));
    const kept = found.orders.filter(({ sync }) => !replaced.has(sync));
    const next = [...kept, ...changed.map(({ order }) => order)];
    // What could not be recorded is not published.
    writeOrders(next, cluster);
    for (const one of changed) await deps.publish(describe(one, cluster));
    if (!(await orders.replace(next, found))) continue;
    const actor = asked.person.name;
    await deps.publishTasks([{ cluster, reason: 'resync', actor, id: made.request }]);
    const { does, reason } = asked;
    log.info({ cluster, does, syncs: changed.length, actor, reason }, 'Holds ordered');
    return answer;
  }
  const message = `Others have changed the holds of ${cluster} ${MAX_ATTEMPTS} times meanwhile`;
  throw new CountersignError('store-unavailable', message);
}

type Made = Pick<HoldOrder, 'does' | 'by' | 'reason' | 'at' | 'request'> & {
  readonly until?: string;
};

function orderOf(
  { does, until, person, key, ...asked }: AskedHold,
  { now, newId }: Pick<ApiDeps, 'now' | 'newId'>,
): Made {
  // An API server keeps no half of a pair: what does not read as it was written would be written for ever.
  const reason = cleanLine(asked.reason.trim().replaceAll(/\s+/g, ' '));
  const by = person.name;
  const at = now();
  if (until !== undefined && Date.parse(until) <= at.getTime()) {
    throw new CountersignError('bad-request', 'json.until: is over already');
  }
  const text = formatHold(defined({ until, by, reason }));
  if (text.length > MAX_HOLD) {
    const message = `json.reason: with name and time a hold has ${MAX_HOLD} characters at the most; write less`;
    throw new CountersignError('bad-request', message);
  }
  const request = key === undefined ? newId() : idOf([by, key, does, reason, until ?? '']);
  return defined({ does, by, reason, at: at.toISOString(), request, until });
}

/** The same for the same caller, key and request: what a look found done of one request is not done of another. */
function idOf(parts: readonly string[]): string {
  return hashOf(parts).slice(0, 32);
}

/** What is to be ordered for one RSync; undefined: it is so already, or was ordered so. */
function change(
  one: HeldSync,
  ordered: HoldOrder | undefined,
  { does, until, ...made }: Made,
): Changed | undefined {
  const { sync, text } = one;
  const wanted = ordered === undefined ? text : holdOfOrder(ordered)?.text;
  const before = wanted ?? text;
  if (does === 'hold') {
    const order: HoldOrder = defined({ ...made, sync, does, until });
    if (holdOfOrder(order)?.text === wanted) return undefined;
    return defined({ ...one, order, before });
  }
  const known = ordered?.does === 'lift' ? ordered.lifts : [];
  const lifts = [...new Set([...[text, wanted].filter((found) => found !== undefined), ...known])];
  if (before === undefined || lifts.every((found) => known.includes(found))) return undefined;
  return { ...one, order: { ...made, sync, does, lifts: lifts.slice(0, MAX_LIFTS) }, before };
}

function describe({ sync, uid, image, order, before }: Changed, cluster: string): HoldEvent {
  const { does, by, reason, at, request } = order;
  const set = does === 'hold';
  return {
    type: set ? 'rollout.held' : 'rollout.unheld',
    uid,
    cause: request,
    data: defined({
      cluster,
      sync,
      image,
      actor: by,
      reason,
      until: set ? order.until : undefined,
      since: at,
      errors: [],
      message: set
        ? `${by} holds it: nothing new reaches it until the hold is lifted`
        : `${by} lifts its hold: ${before ?? ''}`,
    }),
  };
}

function answerOf(
  { dryRun }: AskedHold,
  cluster: string,
  changed: readonly Changed[],
  asked: boolean,
): HoldsOrdered {
  const syncs = changed.map(({ sync, before }) => defined({ sync, before }));
  return { dryRun, cluster, syncs, asked };
}
