import type { Listed } from '#shared/core/rollout/listed.ts';
import type { RolloutPlan } from '#shared/core/rollout/plan.ts';
import { sayDuration } from '#shared/core/rollout/say-time.ts';
import type { Obstacle, StagePlan } from '#shared/core/rollout/stage-plan.ts';
import type { ImagePlan } from '#shared/rollouts/plan-image.ts';
import type { WayBack } from '#shared/rollouts/way-back.ts';
import { count } from './terminal.ts';

/** A plan for people: a line for the whole, one for each stage, and what is in the way. */
export function formatPlan(plan: ImagePlan): readonly string[] {
  const { stages, overlaps, unpinned = NONE } = plan;
  return [
    summary(plan),
    ...stages.map((stage) => `  ${stage.stage}: ${formatStage(stage).join('; ')}`),
    `  way back: ${WAYS_BACK[plan.wayBack](plan.previous ?? '')}`,
    ...some(overlaps, ({ cluster, stages: names }) => `${cluster} (${names.join(', ')})`).map(
      (text) => `  in the first of the stages that select it: ${text}`,
    ),
    ...some(unpinned, ({ cluster, sync, code }) => `${cluster} ${sync} (${code})`).map(
      (text) => `  a pin cannot hold on: ${text}`,
    ),
  ];
}

const NONE = { count: 0, first: [] };

function summary({ image, digest, strategy, start, clusters, calls, minutes, ...rest }: ImagePlan) {
  const what = digest ?? 'the next digest';
  const when =
    rest.endsAt === undefined || minutes === undefined
      ? 'and does not end as things are'
      : `at the earliest in ${sayDuration(minutes * MINUTE_MS)}, ${rest.endsAt}`;
  const size = `${count(clusters, 'cluster')}, ${count(calls, 'call')}`;
  return `${image} by strategy ${strategy}: ${what} ${STARTS[start]}: ${size}, ${when}`;
}

const MINUTE_MS = 60_000;

const STARTS: Readonly<Record<RolloutPlan['start'], string>> = {
  'under-way': 'is under way',
  now: 'begins when it is pushed',
  queued: 'begins after the one in place',
  person: 'goes on when a person says so',
  rejected: 'was rolled back, and begins when a person retries it',
  adoption:
    'waits: the fleet runs several digests, or was not all looked at, and a person resumes it first',
};

const WAYS_BACK: Readonly<Record<WayBack, (previous: string) => string>> = {
  there: (previous) => `${previous}, still in the registry`,
  gone: (previous) => `none: ${previous} is not in the registry any more`,
  unchecked: (previous) => `${previous}; the registry could not be asked`,
  none: () => 'none: no digest was completed before',
};

function formatStage(stage: StagePlan): readonly string[] {
  const { size, members, state, turns, obstacle } = stage;
  if (members === 0) return ['no cluster has its labels', ...sayObstacle(obstacle)];
  if (size === 0) return ['nothing there follows the image', ...sayObstacle(obstacle)];
  const { atOnce, batches, soakMs, approval, signedBy } = stage;
  const left = turns.count + stage.underWay;
  const others = [
    [stage.live, 'live'],
    [stage.held, 'held'],
    [stage.unreachable, 'out of reach'],
  ] as const;
  const counts = others.flatMap(([amount, word]) => (amount === 0 ? [] : [`${amount} ${word}`]));
  return [
    [`${left} of ${count(size, 'cluster')} to go`, ...counts].join(', '),
    ...(signedBy === undefined ? [] : [`once the digest meets trust policy ${signedBy}`]),
    ...sayOpening(stage),
    ...(turns.count === 0 ? [] : [`${atOnce} at once, ${count(batches, 'batch', 'batches')}`]),
    ...(soakMs === 0 || state === 'passed' ? [] : [`soaks ${sayDuration(soakMs)}`]),
    ...(approval === undefined ? [] : [sayApproval(approval)]),
    ...sayObstacle(obstacle),
    ...some(turns, (name) => name).map((names) => `in turn ${names}`),
  ];
}

function sayOpening({ opensAt, opensOn, delays, state }: StagePlan): readonly string[] {
  const why = delays.map((delay) => (delay === 'window' ? 'its window' : `freeze ${delay}`));
  const waits = why.length === 0 ? '' : `, waits for ${why.join(' and ')}`;
  if (opensAt === undefined || (state !== 'ahead' && waits === '')) return [];
  return [`from ${opensOn ?? opensAt}${waits}`];
}

function sayApproval({ approvers, missing }: NonNullable<StagePlan['approval']>): string {
  return `${count(missing, 'approval')} by ${approvers.join(', ')}`;
}

function sayObstacle(obstacle: Obstacle | undefined): readonly string[] {
  return obstacle === undefined ? [] : [OBSTACLES[obstacle]];
}

const OBSTACLES: Readonly<Record<Obstacle, string>> = {
  empty: 'waits for its first cluster',
  failures: 'halts: more have failed than it allows',
  unreachable: 'stops: more are out of reach than it allows',
  'no-evidence': 'stops: none of its clusters could show that the digest works',
  'no-slots': 'stops: it may have no cluster under way',
  'never-opens': 'never opens, by its windows and freezes',
};

/** The names of a list, and how many more there are; nothing of an empty one. */
function some<T>({ first, count: all }: Listed<T>, name: (one: T) => string): readonly string[] {
  if (all === 0) return [];
  const more = all - first.length;
  return [`${first.map(name).join(', ')}${more === 0 ? '' : ` and ${more} more`}`];
}
