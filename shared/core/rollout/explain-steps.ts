import type { FoundHold } from '../annotations.ts';
import { type Admission, includesHeld, promotionOf } from './admits.ts';
import type { NotedEvidence } from './checks.ts';
import type { FleetCluster, FleetSync } from './fleet.ts';
import type { RolloutRecord } from './record.ts';
import { endsByItself } from './freezes.ts';
import { sayNow } from './say-now.ts';
import { sayDistance, sayDuration, sayTime } from './say-time.ts';
import type { StageView, Standing } from './standing.ts';
import {
  type Openings,
  type Place,
  type Stage,
  type Strategy,
  compareTurns,
  countOf,
  turnOf,
} from './strategy.ts';
import { isInWindow, nextOpening } from './windows.ts';

/** What an RSync waits for in a roll-out, one question each. */
export const ROLLOUT_STEPS = [
  'stage',
  'position',
  'hold',
  'freeze',
  'window',
  'evidence',
  'approvers',
  'limit',
] as const;

export interface RolloutStep {
  readonly step: (typeof ROLLOUT_STEPS)[number];
  readonly outcome: 'ok' | 'wait' | 'bad' | 'unknown' | 'skipped';
  readonly finding: string;
  readonly details: readonly string[];
}

/** One RSync of a cluster in a roll-out, as everything is at one instant. */
export interface RolloutScene {
  readonly record: RolloutRecord;
  readonly strategy: Strategy;
  /** Of the whole fleet. */
  readonly views: readonly StageView[];
  /** A part of the fleet cannot be listed. */
  readonly partial: boolean;
  readonly cluster: FleetCluster;
  readonly sync: FleetSync;
  readonly hold?: FoundHold;
  readonly admission: Admission;
  readonly place: Place;
  /** Of its cluster. */
  readonly standing: Standing;
  /** What the checks of the stage where the roll-out stands came to last. */
  readonly noted?: NotedEvidence;
  readonly now: Date;
  readonly isOpen: Openings;
}

/** Names that one detail has. */
const MAX_NAMED = 5;

/**
 * Where its stage is, among those of the strategy.
 *
 * @example
 * explainStage(scene).finding // 'In stage "rest", 3 of 3, which opens after "early"'
 */
export function explainStage(scene: RolloutScene): RolloutStep {
  const { record, strategy, place } = scene;
  const { stages } = strategy;
  const current = stages.findIndex(({ name }) => name === record.stage);
  const where = `In stage ${quote(place.stage)}, ${place.index + 1} of ${stages.length}`;
  const details = [sayNow(scene)];
  if (isEnded(record)) return step('stage', 'ok', where, details);
  if (place.index > current) {
    const before = stages[place.index - 1];
    const after = before === undefined ? '' : `, which opens after ${quote(before)}`;
    return step('stage', 'wait', `${where}${after}`, details);
  }
  const open = place.index === current ? `, open since ${record.openedAt}` : ', open';
  return step('stage', 'ok', `${where}${open}`, details);
}

/** Its place among the clusters of its stage that wait, in their turns. */
export function explainPosition(scene: RolloutScene): RolloutStep {
  const { views, cluster, place, standing } = scene;
  const view = views[place.index];
  if (standing !== 'waiting' || view === undefined) {
    return step('position', standing === 'failed' ? 'bad' : 'ok', STANDS[standing]);
  }
  const mine = turnOf(place.stage, cluster);
  const { waiting, 'under-way': going } = view.of;
  const before = waiting.filter(
    (other) => other !== cluster && compareTurns(turnOf(place.stage, other), mine) < 0,
  );
  const slots = countOf(place.stage.maxConcurrency, view.size, 1);
  const by = mine.by === undefined ? 'by name' : `by label ${mine.by}${valueOf(mine.value)}`;
  return step('position', 'wait', `Place ${before.length + 1} of ${waiting.length}, ${by}`, [
    `${slots} of ${view.size} clusters at once, ${going.length} under way`,
  ]);
}

function valueOf(value: string | undefined): string {
  return value === undefined ? ', which it does not have' : ` = ${value}`;
}

const STANDS: Readonly<Record<Standing, string>> = {
  failed: 'Let in, and it has failed since',
  unreachable: 'Out of reach, so that it takes no turn',
  'under-way': 'Let in, and not live yet',
  waiting: 'Waits',
  'failed-before': 'Let in, and failing as it was before the roll-out',
  ignored: 'Failed or out of reach, and a person chose to go on',
  live: 'Let in, and live',
  held: 'Takes no turn while it is held',
  absent: 'Does not follow the image',
};

/** Whether a hold is on it. One never ends by itself. */
export function explainHold({
  hold,
  sync,
  record,
  strategy,
  cluster,
  now,
}: RolloutScene): RolloutStep {
  if (!sync.held && hold === undefined) return step('hold', 'ok', 'No hold is on it');
  const text = hold === undefined ? [] : [`As it stands: ${hold.text}`];
  if (sync.approved === record.digest) {
    return step('hold', 'ok', 'Held, and it has the digest already', text);
  }
  if (includesHeld(record, strategy, cluster)) {
    return step('hold', 'ok', 'Held, and the person who promoted the roll-out included it', text);
  }
  const { until, by, reason } = hold?.facts ?? {};
  if (by === undefined) return step('hold', 'wait', 'Held, by a text that cannot be read', text);
  const over = until !== undefined && Date.parse(until) <= now.getTime();
  const end =
    until === undefined ? '' : over ? `, meant until ${until}, which is past` : `, until ${until}`;
  return step('hold', 'wait', `Held by ${by}${end}: ${reason ?? ''}`, [
    'It is there until it is taken away',
  ]);
}

/** Whether something may start in it now by the windows of its stage, and when: freezes put that off. */
export function explainWindow({
  record,
  strategy,
  cluster,
  place,
  now,
}: RolloutScene): RolloutStep {
  const { windows } = place.stage;
  if (windows === undefined) return step('window', 'ok', 'Its stage has no window');
  if (windows.some((window) => isInWindow(window, now))) {
    return step('window', 'ok', 'Its window is open');
  }
  if (promotionOf(record, strategy, place)?.windows === true) {
    return step('window', 'ok', 'Shut, and the person who promoted the roll-out overrode that');
  }
  const freezes = strategy.freezes.filter((freeze) => freeze.selects(cluster.labels));
  const opening = nextOpening(windows, freezes.filter(endsByItself), now);
  if (opening === undefined) {
    return step('window', 'bad', 'Never opens, by its windows and the freezes');
  }
  const distance = sayDistance(opening.getTime() - now.getTime());
  const at = sayTime(opening, windows[0]?.clock);
  return step('window', 'wait', `Opens ${at}, in ${distance}`);
}

/** Who has to approve, or to sign, before its stage opens. */
export function explainApprovers(scene: RolloutScene): RolloutStep {
  const { record, strategy, place } = scene;
  const current = strategy.stages.findIndex(({ name }) => name === record.stage);
  const ahead = strategy.stages.slice(Math.max(0, current), place.index);
  const details = [
    ...ahead.flatMap((stage) => sayApprovals(stage, record)),
    ...strategy.stages
      .slice(current + 1, place.index + 1)
      .flatMap(({ name, signedBy }) =>
        signedBy === undefined
          ? []
          : [`Stage ${JSON.stringify(name)} opens by trust policy ${signedBy}`],
      ),
  ];
  if (isEnded(record) || details.length === 0) {
    return step('approvers', 'ok', 'Nothing has to be approved before its stage');
  }
  const awaited = record.status === 'awaiting-approval';
  const finding = awaited
    ? 'The roll-out waits for people before its stage'
    : 'People have a say before its stage';
  return step('approvers', awaited ? 'wait' : 'ok', finding, details);
}

/**
 * The approvals that a stage is missing, and who may give them.
 *
 * @example
 * sayApprovals(stage, record) // ['Stage "early" needs 1 approval, by lead@acme.example']
 */
export function sayApprovals(
  { name, approval }: Stage,
  { approvals, startedBy }: RolloutRecord,
): readonly string[] {
  if (approval === undefined) return [];
  const given = new Set(approvals.filter(({ stage }) => stage === name).map(({ by }) => by));
  const missing = approval.count - given.size;
  if (missing <= 0) return [];
  const may = approval.approvers.filter((by) => !given.has(by) && by !== startedBy);
  const what = `${missing} approval${missing === 1 ? '' : 's'}`;
  const who = may.length === 0 ? 'and no approver is left who may' : `by ${may.join(', ')}`;
  return [`Stage ${JSON.stringify(name)} needs ${what}, ${who}`];
}

/** How many failed, and how many may, in the stages that are open. */
export function explainLimit({ record, strategy, views }: RolloutScene): RolloutStep {
  const current = strategy.stages.findIndex(({ name }) => name === record.stage);
  const opened = views.slice(0, isEnded(record) ? undefined : current + 1);
  const found = opened.map((view) => {
    const { stage, of, size } = view;
    const failed = { names: of.failed, most: countOf(stage.maxFailures, size, 0) };
    const dark = { names: of.unreachable, most: countOf(stage.maxUnreachable, size, 0) };
    const isOver = failed.names.length > failed.most || dark.names.length > dark.most;
    const text = `${stage.name}: ${failed.names.length} of at most ${failed.most} failed, ${dark.names.length} of at most ${dark.most} out of reach`;
    return { isOver, text, names: [...failed.names, ...dark.names] };
  });
  const over = found.filter(({ isOver }) => isOver);
  const shown = over.length > 0 ? over : found.slice(-1);
  const details = shown.flatMap(({ names }) =>
    names.length === 0 ? [] : [namesOf(names.map(({ cluster }) => cluster))],
  );
  const finding = shown.map(({ text }) => text).join('; ');
  return step('limit', over.length > 0 ? 'bad' : 'ok', finding || 'No stage is open', details);
}

function namesOf(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  return `${names.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/**
 * How far the stage that is open has come, as a clause.
 *
 * @example
 * sayProgress(scene) // 'early has soaked 2 h of 4 h'
 */
export function sayProgress({ record, views, partial, now }: RolloutScene): string {
  const { status, cause, okSince } = record;
  const view = views.find(({ stage }) => stage.name === record.stage);
  if (view === undefined) return `the config has no stage ${record.stage}`;
  if (partial) return 'a part of the fleet cannot be listed, and no stage is passed meanwhile';
  const { stage, of, size } = view;
  if (cause === 'evidence') return `${stage.name} waits for its checks`;
  if (status === 'soaking' && okSince !== undefined) {
    const soaked = Math.min(stage.soakMs, now.getTime() - Date.parse(okSince));
    return `${stage.name} has soaked ${sayDuration(soaked)} of ${sayDuration(stage.soakMs)}`;
  }
  if (cause === 'signature')
    return `${stage.name} waits for the signature that the next stage asks for`;
  if (status === 'awaiting-approval') return `${stage.name} waits for an approval`;
  if (status === 'awaiting-window') return `${stage.name} waits for a window`;
  if (cause === 'empty') return `${stage.name} waits for its first cluster`;
  return `${stage.name} has ${of.live.length} of ${size} clusters live`;
}

/** Nothing of it is to come: every stage is open, or none will be. */
function isEnded({ status }: Pick<RolloutRecord, 'status'>): boolean {
  return ['completed', 'rolling-back', 'rolled-back', 'retired'].includes(status);
}

function quote({ name }: Stage): string {
  return JSON.stringify(name);
}

function step(
  name: RolloutStep['step'],
  outcome: RolloutStep['outcome'],
  finding: string,
  details: readonly string[] = [],
): RolloutStep {
  return { step: name, outcome, finding, details };
}
