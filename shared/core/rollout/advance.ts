import { type Check, type Evidence, weighChecks } from './checks.ts';
import {
  type Draft,
  type World,
  awaitClusters,
  elapsed,
  fail,
  keep,
  namesOf,
  roll,
  stall,
  stop,
  wait,
} from './draft.ts';
import type { Fleet } from './fleet.ts';
import {
  type Amendment,
  type Change,
  NO_CAUSE,
  NO_TURNS,
  type RolloutRecord,
  amend,
  changeOf,
  noticeOf,
} from './record.ts';
import { isMoving } from './moving.ts';
import { startOver } from './arrive.ts';
import { learn } from './recover.ts';
import { isReached, promotionOf } from './admits.ts';
import { type StageView, hasTooMany, ranBadly, viewStages, whyShut } from './standing.ts';
import { type Strategy, compareTurns, countOf, openingsAt, turnOf } from './strategy.ts';

/** Steps of one call; each state is left at most once. */
const MAX_STEPS = 8;

/**
 * The next record of a roll-out: who is let in next, which stage is passed, whether it halts. At most one stage a call.
 * From the same record, fleet and time it gives the same, and from what it gave nothing more. It sees clusters only as
 * `fleet` has them: what is not known slows it.
 *
 * @example
 * const { record: next, notices } = advance(record, strategy, fleet, now);
 * if (next !== record) { await publish(notices); await rollouts.replace(next, record.version); }
 */
export function advance(
  record: RolloutRecord,
  strategy: Strategy,
  fleet: Fleet,
  now: Date,
): Change {
  const world: World = { strategy, fleet, now, isOpen: openingsAt(strategy, now) };
  let draft: Draft = { record, notices: [] };
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const next = step(draft.record, world);
    if (next.record === draft.record) break;
    draft = { record: next.record, notices: [...draft.notices, ...next.notices] };
  }
  return changeOf(record, draft.record, draft.notices);
}

function step(record: RolloutRecord, world: World): Draft {
  if (isMoving(record)) return move(record, world);
  if (record.status === 'rolling-back') return finishRollback(record, world);
  if (record.status === 'paused') {
    const lost = record.cause === 'record-lost';
    return keep(lost ? learn(record, world.strategy, world.fleet.clusters) : record);
  }
  const { next, status } = record;
  if (status === 'retired') return keep(record);
  // What ended, or cannot go on, makes room for what came after it: that may be the fix.
  return next === undefined ? keep(record) : startOver(record, world.strategy, next, world.now);
}

function move(record: RolloutRecord, world: World): Draft {
  const { strategy, fleet } = world;
  const at = strategy.stages.findIndex(({ name }) => name === record.stage);
  const views = viewStages(record, strategy, fleet.clusters, world);
  const view = views[at];
  if (view === undefined) return stop(record, 'paused', 'stage-gone');
  // Nothing would be let in: a newer digest, or a person's retry, ends it.
  if (record.rejected.includes(record.digest)) return stop(record, 'halted', 'rejected');
  const opened = views.slice(0, at + 1);
  const bad = opened.find((stage) => hasTooMany(stage, ranBadly(stage, record)));
  const failing = bad ?? opened.find((stage) => hasTooMany(stage, stage.of.failed));
  if (failing)
    return fail(record, world, 'failures', namesOf(failing.of.failed), bad !== undefined);
  const dark = opened.find(
    ({ of, size, stage }) => of.unreachable.length > countOf(stage.maxUnreachable, size, 0),
  );
  if (dark) return stall(record, world, 'unreachable', namesOf(dark.of.unreachable));
  if (isBehind(record, views.slice(0, at))) return roll(record);
  const { of, size } = view;
  // Who is in the stage is not known.
  if (size === 0 && fleet.partial) return keep(record);
  // A fleet without followers is no reason to pass anything.
  if (views.every((stage) => stage.size === 0)) return awaitClusters(record);
  if (size === 0) return passEmpty(record, views, view, world);
  if (of.waiting.length > 0) return letIn(record, views, view, world);
  if (of['under-way'].length > 0) return roll(record);
  const evidence = of.live.length > 0 || of.ignored.length === size;
  return evidence ? soak(record, views, view, world) : stall(record, world, 'no-evidence');
}

/** Whether stages before the newest are to come to what a person let them in to: they were not passed. */
function isBehind({ promoted }: RolloutRecord, before: readonly StageView[]): boolean {
  if (promoted === undefined) return false;
  return before.some(({ of }) => of['under-way'].length > 0 || of.waiting.length > 0);
}

/** Lets in as many as have a free slot, in their order, up to the first that may not start now. */
function letIn(
  record: RolloutRecord,
  views: readonly StageView[],
  view: StageView,
  world: World,
): Draft {
  const { strategy, fleet, isOpen } = world;
  const { stage, of, size } = view;
  const turns = of.waiting.map((member) => ({ member, turn: turnOf(stage, member) }));
  const queue = turns
    .filter(({ member }) => !isReached(record, strategy, view, member))
    .toSorted((a, b) => compareTurns(a.turn, b.turn));
  // One that is let in and may not start now keeps its slot: it starts when the window opens.
  const kept = of.waiting.length - queue.length;
  const underWay = views.reduce((sum, { of: { 'under-way': some } }) => sum + some.length, kept);
  const free = Math.min(
    countOf(stage.maxConcurrency, size, 1) - of['under-way'].length - kept,
    strategy.clustersAtOnce - fleet.elsewhere - underWay,
  );
  const overridden = promotionOf(record, strategy, view)?.windows === true;
  const shut = queue.findIndex(({ member }) => !isOpen(view, member.labels));
  const last = queue
    .slice(0, shut < 0 ? undefined : shut)
    .slice(0, Math.max(0, free))
    .at(-1);
  if (last !== undefined) return roll(record, { cursor: last.turn });
  const closed = of.waiting.filter(({ labels }) => !isOpen(view, labels, overridden));
  if (closed.length === 0 || of['under-way'].length > 0) return roll(record);
  const restart = { okSince: undefined, stuckSince: undefined };
  return wait(record, 'awaiting-window', whyShut(closed, isOpen), world, restart);
}

/** The soak of a stage that is satisfied, what it waits for after it, and its end. */
function soak(
  record: RolloutRecord,
  views: readonly StageView[],
  view: StageView,
  world: World,
): Draft {
  const { fleet, strategy, now } = world;
  const okSince = record.okSince ?? now.toISOString();
  const { checks } = view.stage;
  if (checks === undefined) return endSoak(record, views, view, world, { okSince });
  const evidence = evidenceFor(record, fleet);
  // Where they were not asked, they are as they were, and nothing is passed.
  if (evidence === undefined) {
    const begun = amend(record, { ...NO_CAUSE, okSince, status: 'soaking' });
    return keep(record.okSince === undefined ? begun : record);
  }
  const known = evidence.gap === true ? undefined : record.checks;
  const weighed = weighChecks(checks, known, evidence.findings, now);
  const { states, broken, unmet, missing, patienceMs } = weighed;
  const weighedIn = amend(record, { checks: states });
  if (broken.length > 0) return fail(weighedIn, world, 'evidence', { checks: broken }, true);
  const stuckSince = unmet.length === 0 ? undefined : (record.stuckSince ?? now.toISOString());
  const patience = Math.max(strategy.progressDeadlineMs, patienceMs);
  if (stuckSince !== undefined && elapsed(stuckSince, world) > patience) {
    return stop(weighedIn, 'halted', 'evidence', { checks: unmet });
  }
  const well = { okSince, stuckSince, checks: states };
  return endSoak(record, views, view, world, well, missing);
}

/**
 * The checks whose evidence the next step depends on: those of the stage where the roll-out stands, once it is
 * satisfied. Undefined: none.
 *
 * @example
 * const checks = checksToAsk(advance(record, strategy, fleet, now).record, strategy);
 */
export function checksToAsk(
  record: RolloutRecord,
  { stages }: Strategy,
): readonly Check[] | undefined {
  if (!isMoving(record) || record.okSince === undefined) return undefined;
  return stages.find(({ name }) => name === record.stage)?.checks;
}

/** What the checks of the stage where the roll-out stands were found to be; undefined: they were not asked. */
function evidenceFor({ id, stage }: RolloutRecord, { evidence }: Fleet): Evidence | undefined {
  return evidence?.id === id && evidence.stage === stage ? evidence : undefined;
}

/** Goes on soaking, or to what is waited for after it; `missing`: checks that do not suffice yet. */
function endSoak(
  record: RolloutRecord,
  views: readonly StageView[],
  view: StageView,
  world: World,
  seen: Amendment & { readonly okSince: string },
  missing: readonly string[] = [],
): Draft {
  const { stage } = view;
  const well = { stuckSince: undefined, checks: undefined, ...seen };
  const soaking = amend(record, { ...NO_CAUSE, ...well, status: 'soaking' });
  if (elapsed(seen.okSince, world) < stage.soakMs || isNew(record, world)) return keep(soaking);
  if (missing.length > 0) {
    return wait(record, 'soaking', 'evidence', world, well, { checks: missing });
  }
  const given = new Set(
    record.approvals.filter((approval) => approval.stage === stage.name).map(({ by }) => by),
  );
  if (given.size < (stage.approval?.count ?? 0))
    return wait(record, 'awaiting-approval', 'approval', world, well);
  return pass(amend(record, well), views, view, world, 'stage.passed');
}

function passEmpty(
  record: RolloutRecord,
  views: readonly StageView[],
  view: StageView,
  world: World,
): Draft {
  if (view.stage.ifEmpty === 'wait') return awaitClusters(record);
  if (isNew(record, world)) return roll(record);
  return pass(record, views, view, world, 'stage.skipped');
}

/** Ends a stage, and opens the next one or completes. */
function pass(
  record: RolloutRecord,
  views: readonly StageView[],
  { index, stage }: StageView,
  world: World,
  type: 'stage.passed' | 'stage.skipped',
): Draft {
  const { now, isOpen, fleet } = world;
  // What is missing may run badly.
  if (fleet.partial) return keep(record);
  const next = views[index + 1];
  const notice = noticeOf(record, type, { stage: stage.name });
  if (next === undefined) {
    const busy = views.some(({ of }) => of['under-way'].length > 0 || of.waiting.length > 0);
    if (busy) return keep(amend(record, { status: 'soaking', cause: undefined }));
    const completed = amend(record, { ...NO_CAUSE, ...NO_TURNS, status: 'completed' });
    return { record: completed, notices: [notice, noticeOf(completed, 'completed')] };
  }
  const { signedBy } = next.stage;
  if (signedBy !== undefined && !fleet.signedBy.includes(signedBy)) {
    return wait(record, 'awaiting-approval', 'signature', world);
  }
  const { waiting } = next.of;
  const mayOpen = waiting.length === 0 || waiting.some(({ labels }) => isOpen(next, labels));
  if (!mayOpen) return wait(record, 'awaiting-window', whyShut(waiting, isOpen), world);
  const opened = amend(record, {
    ...NO_CAUSE,
    status: 'rolling',
    stage: next.stage.name,
    openedAt: now.toISOString(),
    ...NO_TURNS,
  });
  return { record: opened, notices: [notice, noticeOf(opened, 'stage.opened')] };
}

function finishRollback(record: RolloutRecord, world: World): Draft {
  const { clusters, partial, tagRejected } = world.fleet;
  if (tagRejected) return wait(record, 'rolling-back', 'tag', world);
  // From now on clusters can move: what is late by its approval is not late yet.
  if (record.cause === 'tag') {
    return keep(amend(record, { ...NO_CAUSE, stuckSince: world.now.toISOString() }));
  }
  // Whether it has what is rolled back is not known of a cluster that was never looked at.
  const isUnknown = clusters.some(({ reachable, syncs }) => reachable && syncs === undefined);
  if (partial || isUnknown) return keep(record);
  const views = viewStages(record, world.strategy, clusters, world);
  if (views.some(({ of }) => of['under-way'].length > 0)) return keep(record);
  const failed = views.flatMap(({ of }) => of.failed.map(({ cluster }) => cluster));
  const { stuckSince } = record;
  const isEarly =
    stuckSince !== undefined && elapsed(stuckSince, world) <= world.strategy.progressDeadlineMs;
  if (isEarly && failed.length > 0) return keep(record);
  const back = amend(record, { status: 'rolled-back', stuckSince: undefined });
  return { record: back, notices: [noticeOf(back, 'rolled-back', { clusters: failed })] };
}

/** Whether its stage was opened in this instant: one look opens one stage. */
function isNew({ openedAt }: RolloutRecord, { now }: World): boolean {
  return now.getTime() <= Date.parse(openedAt);
}
