import { defined } from '#shared/core/defined.ts';
import { type PersonFreeze, freezesIn } from '#shared/core/rollout/freezes.ts';
import type { Log } from '#shared/reconcile/deps.ts';
import { changeFreezes } from '#shared/rollouts/change-freezes.ts';
import { endedEvent, startedEvent } from '#shared/rollouts/freeze-events.ts';
import type { Person } from '../check-person.ts';
import { hashOf, keyWasUsed } from '../idempotency.ts';
import type { StagedDeps } from '../rollouts/deps.ts';
import { countTouched } from './count-touched.ts';
import type { FreezeAnswer, FreezeBody, FreezeView, UnfreezeQuery } from './operation.ts';
import { type Frozen, readBody } from './read-body.ts';

interface Asking {
  readonly person: Person;
  /** The idempotency key, if one was sent. */
  readonly key?: string | undefined;
}

/**
 * Freezes: publishes it, then records it. A request that is repeated under its key is answered, and not done again. A
 * dry run writes and publishes nothing. Throws `bad-request`, `bad-reference`, `too-large`, `store-unavailable`,
 * `publish-failed`.
 */
export async function setFreeze(
  body: FreezeBody,
  { person, key }: Asking,
  deps: StagedDeps,
  log: Log,
): Promise<FreezeAnswer> {
  const frozen = readBody(body, deps);
  const at = deps.now().toISOString();
  const id = idOf(key === undefined ? [deps.newId()] : [person.name, key]);
  const mine: PersonFreeze = { id, by: person.name, at, saidAt: at, ...frozen };
  const dryRun = body.dryRun === true;
  let freeze = mine;
  if (!dryRun) {
    await changeFreezes((known) => {
      const before = known.find((one) => one.id === id);
      freeze = before ?? mine;
      if (before === undefined) return { freezes: [...known, mine], events: [startedEvent(mine)] };
      if (isSame(before, frozen)) return undefined;
      throw keyWasUsed();
    }, changeDeps(deps));
    log.info({ freeze: id, actor: person.name, reason: frozen.reason }, 'Frozen');
  }
  return answer(freeze, dryRun, deps, log);
}

/**
 * Lifts a freeze: publishes that, then records it. Undefined where there is none of that id. Throws `store-unavailable`,
 * `publish-failed`.
 */
export async function liftFreeze(
  id: string,
  { reason, dryRun }: UnfreezeQuery,
  { person }: Asking,
  deps: StagedDeps,
  log: Log,
): Promise<FreezeAnswer | undefined> {
  const isDry = dryRun === 'true';
  const now = deps.now();
  let freeze: PersonFreeze | undefined;
  if (isDry) freeze = (await readList(deps)).find((one) => one.id === id);
  else {
    await changeFreezes((known) => {
      freeze = known.find((one) => one.id === id);
      if (freeze === undefined) return undefined;
      const ended = endedEvent(freeze, { actor: person.name, reason, now });
      return { freezes: known.filter((one) => one.id !== id), events: [ended] };
    }, changeDeps(deps));
    if (freeze !== undefined) log.info({ freeze: id, actor: person.name, reason }, 'Unfrozen');
  }
  return freeze && answer(freeze, isDry, deps, log);
}

/** Every freeze, oldest first; where they are lost, the one that stands for them. Throws `store-unavailable`. */
export async function readList({
  staging,
  now,
}: Pick<StagedDeps, 'staging' | 'now'>): Promise<readonly PersonFreeze[]> {
  return freezesIn(await staging.freezes.read(), now());
}

/** One freeze, for people. */
export function viewFreeze({
  id,
  image,
  clusters,
  by,
  reason,
  at,
  until,
}: PersonFreeze): FreezeView {
  return { id, by, reason, since: at, ...defined({ image, clusters, until }) };
}

async function answer(
  freeze: PersonFreeze,
  dryRun: boolean,
  deps: StagedDeps,
  log: Log,
): Promise<FreezeAnswer> {
  const touched = await countTouched(freeze, deps, log);
  return { dryRun, freeze: viewFreeze(freeze), ...defined({ touched }) };
}

function changeDeps({ staging: { freezes }, publish, now }: StagedDeps) {
  return { freezes, publish, now };
}

function isSame(before: Frozen, asked: Frozen): boolean {
  return textOf(before) === textOf(asked);
}

function textOf({ image, clusters, until, reason }: Frozen): string {
  return JSON.stringify([image, clusters, until, reason]);
}

/** Short enough to be typed. */
const ID_CHARACTERS = 8;

function idOf(parts: readonly string[]): string {
  return `f-${hashOf(parts).slice(0, ID_CHARACTERS)}`;
}
