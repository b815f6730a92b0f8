import type { CheckOutcome } from './checks.ts';
import type { RolloutRecord } from './record.ts';
import { sayFreeze } from './freezes.ts';
import { isMoving } from './moving.ts';
import { sayDuration, sayTime } from './say-time.ts';
import { STANDINGS, type StageView, type Standing } from './standing.ts';
import type { Stage, Strategy } from './strategy.ts';
import { isFrozen, nextOpening } from './windows.ts';

/** When something may start, as `nextOpening` says; a list of roll-outs shares what it finds. */
export type NextOpening = typeof nextOpening;

/** What a sentence is made from. */
export interface Scene {
  readonly record: RolloutRecord;
  readonly strategy: Strategy;
  /** Of `viewStages`. */
  readonly views: readonly StageView[];
  readonly now: Date;
  readonly opening?: NextOpening;
  /** Of the fleet: a part of it is not listed. */
  readonly partial?: boolean;
}

/**
 * Where a roll-out stands and what comes next, in one sentence for people. Openings are in the zone of the
 * stage's windows, other times UTC.
 *
 * @example
 * sayNow({ record, strategy, views, now })
 * // 'early: 12 of 120 live, 30 under way; then soaks 4 h, then 1 approval by lead@acme.example, then stage rest'
 */
export function sayNow(scene: Scene): string {
  const { next } = scene.record;
  const after = next === undefined ? '' : `; ${next.digest} waits for its end`;
  return `${isMoving(scene.record) ? sayMove(scene) : saySettled(scene)}${after}`;
}

function sayMove(scene: Scene): string {
  const { record, views } = scene;
  const { stage: name } = record;
  const view = views.find(({ stage }) => stage.name === name);
  if (view === undefined) return `The config has no stage ${name}: the next sweep pauses it`;
  const steps = stepsOf(view, scene).join(', then ');
  const onward = record.status === 'rolling' ? `then ${steps}` : steps;
  const said = `${name}${sayPromoted(record)}: ${sayCounts([view])}`;
  return `${said}; ${sayStuck(scene) ?? onward}${sayFrozen(scene)}`;
}

/** That its clusters are in without waiting, and by whom. */
function sayPromoted({ promoted, history, stage }: RolloutRecord): string {
  if (promoted === undefined) return '';
  const last = history.findLast(({ did }) => did === `promote ${stage}`);
  return last === undefined
    ? ', let in at once'
    : `, let in at once by ${last.by} (${last.reason})`;
}

/** What freezes some of those that wait, in this stage or a later one. */
function sayFrozen({ views, strategy, now }: Scene): string {
  const waiting = views.flatMap(({ of }) => of.waiting);
  const freeze = strategy.freezes.find(
    (one) => isFrozen(one, now) && waiting.some(({ labels }) => one.selects(labels)),
  );
  return freeze === undefined ? '' : `; ${sayFreeze(freeze)}`;
}

/** Why nothing more is let in, where a deadline runs. */
function sayStuck({ record, strategy, partial }: Scene): string | undefined {
  const { cause, stuckSince, okSince } = record;
  if (partial) return 'a part of the fleet cannot be listed: no stage is passed meanwhile';
  if (cause === 'empty') return 'waits for the first cluster that follows the image';
  // Where the stage is well, it is its checks that are not.
  if (stuckSince === undefined || okSince !== undefined) return undefined;
  const why = cause === 'unreachable' ? 'too many are out of reach' : 'none of them is live';
  return `${why}: halts at ${sayUtc(Date.parse(stuckSince) + strategy.progressDeadlineMs)}`;
}

/** What has to happen before the stage after this one is open, in order. */
function stepsOf(view: StageView, scene: Scene): readonly string[] {
  const { record, views } = scene;
  const { status, cause } = record;
  const { stage } = view;
  const next = views[view.index + 1];
  const onward = next === undefined ? 'it is completed' : `stage ${next.stage.name}`;
  if (status === 'awaiting-window') {
    const shut = view.of.waiting.length > 0 ? view : next;
    if (cause === 'freeze') return [`stage ${shut?.stage.name ?? stage.name} is frozen`];
    const at = shut && openingOf(shut, scene);
    const clock = shut?.stage.windows?.[0]?.clock;
    const when = at === undefined ? 'has no window that opens' : `may start ${sayTime(at, clock)}`;
    return [`stage ${shut?.stage.name ?? stage.name} ${when}`];
  }
  if (cause === 'signature') return [...signatureFor(next?.stage, 'waits for '), onward];
  if (cause === 'evidence') {
    const rest = [...approvalsOf(stage, record), ...signatureFor(next?.stage), onward];
    return [...evidenceOf(stage, record, 'waits for '), ...rest];
  }
  const signature = signatureFor(next?.stage);
  if (cause === 'approval') {
    return [...approvalsOf(stage, record, 'waits for '), ...signature, onward];
  }
  const evidence = [...soakOf(stage, record), ...evidenceOf(stage, record)];
  return [...evidence, ...approvalsOf(stage, record), ...signature, onward];
}

function soakOf({ soakMs }: Stage, { status, okSince }: RolloutRecord): readonly string[] {
  if (soakMs === 0) return [];
  if (status !== 'soaking' || okSince === undefined) return [`soaks ${sayDuration(soakMs)}`];
  return [`soaks until ${sayUtc(Date.parse(okSince) + soakMs)}`];
}

/** Its checks, and what those that were asked came to. */
function evidenceOf(
  { checks = [] }: Stage,
  { checks: states = [] }: RolloutRecord,
  verb = 'needs ',
): readonly string[] {
  if (checks.length === 0) return [];
  const named = checks.map(({ name }) => {
    const outcome = states.find((state) => state.name === name)?.outcome;
    return outcome === undefined ? name : `${name} (${OUTCOMES[outcome]})`;
  });
  return [`${verb}check${checks.length === 1 ? '' : 's'} ${named.join(', ')}`];
}

const OUTCOMES: Readonly<Record<CheckOutcome, string>> = {
  met: 'met',
  failed: 'failed',
  unknown: 'no answer',
};

function approvalsOf(
  { name, approval }: Stage,
  { approvals }: RolloutRecord,
  verb = '',
): readonly string[] {
  if (approval === undefined) return [];
  const given = new Set(approvals.filter(({ stage }) => stage === name).map(({ by }) => by));
  const missing = Math.max(0, approval.count - given.size);
  const may = approval.approvers.filter((approver) => !given.has(approver));
  const who = may.slice(0, MAX_NAMED).join(', ');
  const others = may.length - MAX_NAMED;
  const more = others > 0 ? ` or ${others} more` : '';
  return [`${verb}${missing} approval${missing === 1 ? '' : 's'} by ${who}${more}`];
}

/** People whom a sentence names. */
const MAX_NAMED = 3;

function signatureFor(next: Stage | undefined, verb = ''): readonly string[] {
  if (next?.signedBy === undefined) return [];
  return [`${verb}a signature for stage ${next.name} that meets trust policy ${next.signedBy}`];
}

/** The first minute at which a cluster that waits in the stage may start; of `nextOpening` for each set of freezes. */
function openingOf(
  { stage, of }: StageView,
  { strategy, now, opening = nextOpening }: Scene,
): Date | undefined {
  const sets = new Map(
    of.waiting.map(({ labels }) => {
      const freezes = strategy.freezes.filter((freeze) => freeze.selects(labels));
      return [freezes.map(({ name }) => name).join('\n'), freezes] as const;
    }),
  );
  const times = [...sets.values()].slice(0, MAX_SETS).flatMap((freezes) => {
    const at = opening(stage.windows, freezes, now);
    return at === undefined ? [] : [at];
  });
  return times.toSorted((a, b) => a.getTime() - b.getTime())[0];
}

/** Sets of freezes that are looked through for one sentence: each costs a search. */
const MAX_SETS = 8;

/** Of a roll-out that goes on by a person or a newer digest alone, or that ends by itself. */
function saySettled(scene: Scene): string {
  const { record, views } = scene;
  const { status, digest, cause } = record;
  const counts = sayCounts(views);
  switch (status) {
    case 'paused':
      return `Paused${sayWho(scene, 'pause')}: ${PAUSED[cause ?? ''] ?? 'nothing is newly approved'}; ${counts}`;
    case 'halted':
      return `Halted: ${HALTED[cause ?? ''] ?? 'too many failed'}${sayUnmet(record)}; ${counts}; resume it with the clusters to ignore, or push a newer digest`;
    case 'aborted':
      return `Aborted${sayWho(scene, 'abort')}: clusters that have ${digest} keep it; ${counts}`;
    case 'rolling-back':
      return cause === 'tag'
        ? `Goes back to ${digest} once a person moves its tag, for an approval moves no cluster under gate; ${counts}`
        : `Goes back to ${digest}; ${counts}`;
    case 'rolled-back':
      return `Rolled back to ${digest}; ${counts}`;
    case 'completed':
      return `Completed; ${counts}`;
    default:
      return 'Its strategy was taken away';
  }
}

const PAUSED: Readonly<Record<string, string>> = {
  'record-lost':
    'its record was lost, and is rebuilt from receipts; resume it once its position is right',
  'digests-differ': 'several digests are live; resume it to roll out its own',
  'clusters-unseen': 'clusters have never been looked at; resume it to roll out its digest',
  'stage-gone': 'its stage is not in the config any more; resume it to begin at the first stage',
};

const HALTED: Readonly<Record<string, string>> = {
  unreachable: 'too many are out of reach',
  'no-evidence': 'nothing shows that the digest works',
  evidence: 'the checks of its stage do not show that the digest works',
  rejected: 'its digest was rolled back before',
};

/** Which of its checks were not met. */
function sayUnmet({ checks = [] }: RolloutRecord): string {
  const unmet = checks.filter(({ outcome }) => outcome !== 'met').map(({ name }) => name);
  return unmet.length === 0 ? '' : ` (${unmet.join(', ')})`;
}

/** Who did it last, and why, as far as the record still has it. */
function sayWho({ record }: Scene, did: string): string {
  if (record.cause !== 'person') return '';
  const last = record.history.findLast((entry) => entry.did === did);
  return last === undefined ? ' by a person' : ` by ${last.by} (${last.reason})`;
}

const COUNTED: Partial<Record<Standing, string>> = {
  failed: 'failed',
  unreachable: 'unreachable',
  'under-way': 'under way',
  'failed-before': 'failing as before',
  ignored: 'ignored',
  held: 'held',
};

function sayCounts(views: readonly StageView[]): string {
  const total = (of: Standing): number => views.reduce((sum, view) => sum + view.of[of].length, 0);
  const size = views.reduce((sum, view) => sum + view.size, 0);
  const others = STANDINGS.flatMap((standing) => {
    const [word, amount] = [COUNTED[standing], total(standing)];
    return word === undefined || amount === 0 ? [] : [`${amount} ${word}`];
  });
  return [`${total('live')} of ${size} live`, ...others].join(', ');
}

function sayUtc(ms: number): string {
  return sayTime(new Date(ms));
}
