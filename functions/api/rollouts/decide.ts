import { defined } from '#shared/core/defined.ts';
import { toFailure } from '#shared/core/errors.ts';
import type { Refusal } from '#shared/core/rollout/by-person.ts';
import { command } from '#shared/core/rollout/command.ts';
import type { Change, RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Log } from '#shared/reconcile/deps.ts';
import type { Entry } from '#shared/records/records.ts';
import { commit } from '#shared/rollouts/commit.ts';
import type { Seen } from '#shared/rollouts/notices.ts';
import { hasNoWayBack } from '#shared/rollouts/way-back.ts';
import { type Person, requireOverrider } from '../check-person.ts';
import { hashOf, keyWasUsed } from '../idempotency.ts';
import type { DecisionAnswer, DecisionBody } from './decision-operation.ts';
import type { StagedDeps } from './deps.ts';
import { type FoundRollout, rolloutOf } from './find-rollout.ts';
import { freezeNow } from './freeze-now.ts';
import { previewDecision } from './preview-decision.ts';
import { type Named, NOTHING } from './look-up-clusters.ts';
import { tagToMove } from './tag-to-move.ts';
import type { Verb } from './verbs.ts';
import { viewRecord } from './view-rollout.ts';

/** A decision that a person asks for. */
export interface Asked {
  /** The roll-out by its id, or whatever an image rolls out. */
  readonly of: { readonly id: string } | { readonly image: string };
  readonly verb: Verb;
  readonly body: DecisionBody;
  readonly person: Person;
  /** The idempotency key, if one was sent. */
  readonly key: string | undefined;
}

export type Decided =
  | { readonly status: 'decided'; readonly answer: DecisionAnswer }
  /** Another version or another roll-out is in place of the one that was decided on. */
  | { readonly status: 'changed'; readonly found: FoundRollout }
  | {
      readonly status: 'refused';
      readonly refused: Refusal;
      readonly found: FoundRollout;
      /** The image whose roll-out was taken back, where that is another one. */
      readonly by?: string;
    }
  | { readonly status: 'not-verified'; readonly message: string }
  | { readonly status: 'absent' };

/**
 * Decides on a roll-out: publishes the decision, then records it, over the record that it was made from. A request that
 * is repeated under its key is answered, by any instance, and not done again. A dry run writes and publishes nothing.
 * Throws `forbidden`, `cluster-not-found`, `bad-request`, `store-unavailable`, `records-unavailable`, `publish-failed`.
 */
export async function decide(asked: Asked, given: StagedDeps, log: Log): Promise<Decided> {
  const deps = await freezeNow(given);
  const request = requestOf(asked);
  const entries = await deps.staging.records.list();
  // What was rolled back or tried again has another id since.
  const entry = entries.find((one) => isAbout(one, asked.of) || knows(one.record, request));
  const found = entry && rolloutOf(entry, deps);
  if (entry === undefined || found === undefined) return { status: 'absent' };
  if (knows(found.record, request)) return answerWith(found);
  const named = (await asked.verb.lookUp?.(asked.body, found, deps)) ?? NOTHING;
  if (named.unverified !== undefined) return { status: 'not-verified', message: named.unverified };
  const by = rejecterOf(named, found, entries, deps);
  // No worker admits it, whichever tag it came by.
  if (by !== undefined) return { status: 'refused', refused: 'rejected', found, by };
  const judging = { ...asked, request, named, name: request ? nameOf(request) : deps.newId() };
  if (asked.body.dryRun === true) {
    return preview(judgeEntry(entry, judging, deps), entries, deps);
  }
  const { publish, now, staging } = deps;
  let judged: Judged = { status: 'absent' };
  await deps.serial(entry.image, () =>
    commit(
      entry.image,
      async (at) => {
        judged = judgeEntry(at, judging, deps);
        if (judged.status !== 'ready') return undefined;
        const noWayBack = await hasNoWayBack([judged.change], deps.planning.resolveNow);
        const seen = await look(judged.found, deps, log);
        return { changes: [judged.change], seen: { ...seen, noWayBack } };
      },
      { records: staging.records, publish, now },
    ),
  );
  return conclude(judged, asked, log);
}

/** Another image of the repository from which the digest that is named was taken back. */
function rejecterOf(
  { target }: Named,
  { record, repository }: FoundRollout,
  entries: readonly Entry[],
  { find }: Pick<StagedDeps, 'find'>,
): string | undefined {
  if (target === undefined) return undefined;
  const others = entries.filter(({ image }) => image !== record.image);
  return others.find(
    (other) =>
      other.record?.rejected.includes(target.key) === true &&
      find(other.image).repository === repository,
  )?.image;
}

/** What the event counts. Of a decision to stop more depends than on the store: without it, nothing is counted. */
async function look(
  { record, rule, strategy }: FoundRollout,
  deps: StagedDeps,
  log: Log,
): Promise<Seen> {
  const nothing = { clusters: [], records: new Map<string, never>(), strategy };
  if (rule === undefined) return nothing;
  try {
    const { fleet, fleets } = await deps.clusters(record.image, rule);
    return { clusters: fleet.clusters, records: fleets.snapshot.records, strategy };
  } catch (error) {
    log.warn({ error: toFailure(error) }, 'Decided without the snapshot');
    return nothing;
  }
}

/** Whether the entry has what is asked about. */
function isAbout({ image, record }: Entry, of: Asked['of']): boolean {
  return 'id' in of ? record?.id === of.id : image === of.image;
}

type Judged =
  | Exclude<Decided, { readonly status: 'decided' }>
  | { readonly status: 'ready'; readonly found: FoundRollout; readonly change: Change }
  /** The same request has been done before. */
  | { readonly status: 'done'; readonly found: FoundRollout };

interface Judging extends Asked {
  readonly request: Request | undefined;
  readonly named: Named;
  /** Of the request, in the record and in what is published. */
  readonly name: string;
}

/**
 * What the request makes of what is in place now. Throws `bad-request` where its key stands for another request,
 * `forbidden` where it needs an overrider.
 */
function judgeEntry(entry: Entry, asked: Judging, deps: StagedDeps): Judged {
  const found = rolloutOf(entry, deps);
  if (found === undefined) return { status: 'absent' };
  const { of, verb, body, person, request, named, name } = asked;
  const { record, strategy } = found;
  if (knows(record, request)) return { status: 'done', found };
  const { ifVersion = record.version, reason } = body;
  if (!isAbout(entry, of) || record.version !== ifVersion) return { status: 'changed', found };
  if (strategy === undefined) return { status: 'refused', refused: 'not-now', found };
  if (verb.isOverride?.(named, record) === true) requireOverrider(person);
  const asker = { by: person.name, reason, request: name };
  const outcome = command(record, verb.command(body, named, record), asker, strategy, deps.now());
  return 'refused' in outcome
    ? { status: 'refused', refused: outcome.refused, found }
    : { status: 'ready', found, change: outcome };
}

async function preview(
  judged: Judged,
  entries: readonly Entry[],
  deps: StagedDeps,
): Promise<Decided> {
  if (judged.status === 'ready') {
    const { found, change } = judged;
    const answer = await previewDecision(found, change.record, entries, deps);
    return { status: 'decided', answer };
  }
  return judged.status === 'done' ? answerWith(judged.found) : judged;
}

function conclude(judged: Judged, { verb, person, body }: Asked, log: Log): Decided {
  if (judged.status === 'done') return answerWith(judged.found);
  if (judged.status !== 'ready') return judged;
  const { record } = judged.change;
  const { image, id, version } = record;
  const about = { image, rollout: id, version, decision: verb.name, actor: person.name };
  log.info({ ...about, reason: body.reason }, 'Roll-out decided');
  return answerWith({ ...judged.found, record });
}

function answerWith(found: FoundRollout): Decided {
  const answer = { dryRun: false, rollout: viewRecord(found) };
  return { status: 'decided', answer: { ...answer, ...defined({ needsTag: tagToMove(found) }) } };
}

/** A request that may come again: the person and the key name it, and the rest is what it asked for. */
interface Request {
  readonly key: string;
  readonly content: string;
}

function requestOf({ of, verb, body, person, key }: Asked): Request | undefined {
  if (key === undefined || body.dryRun === true) return undefined;
  return {
    key: hashOf([person.name, key]).slice(0, KEY_CHARACTERS),
    content: hashOf([of, verb.name, body]).slice(0, CONTENT_CHARACTERS),
  };
}

/** As long as it takes to be unique in one history, which is bounded. */
const KEY_CHARACTERS = 24;
const CONTENT_CHARACTERS = 8;

function nameOf({ key, content }: Request): string {
  return `${key}.${content}`;
}

/** Whether the history has the request. Throws `bad-request` where it has another one under the same key. */
function knows(record: RolloutRecord | undefined, request: Request | undefined): boolean {
  if (record === undefined || request === undefined) return false;
  const last = record.history.findLast((entry) => entry.request?.startsWith(`${request.key}.`));
  if (last === undefined) return false;
  if (last.request === nameOf(request)) return true;
  throw keyWasUsed();
}
