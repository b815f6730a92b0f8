import { sayDuration } from '#shared/core/rollout/say-time.ts';
import { count } from '../terminal.ts';

interface Listed<T> {
  readonly count: number;
  readonly first: readonly T[];
}

/** What is shown of `ImagePlan`, with words that a newer service may have more of. */
interface ShownPlan {
  readonly image: string;
  readonly strategy: string;
  readonly digest?: string | undefined;
  readonly start: string;
  readonly previous?: string | undefined;
  readonly wayBack: string;
  readonly stages: readonly ShownStage[];
  readonly clusters: number;
  readonly calls: number;
  readonly endsAt?: string | undefined;
  readonly minutes?: number | undefined;
  readonly overlaps: Listed<{ readonly cluster: string; readonly stages: readonly string[] }>;
  readonly unpinned?:
    | Listed<{ readonly cluster: string; readonly sync: string; readonly code: string }>
    | undefined;
}

interface ShownStage {
  readonly stage: string;
  readonly state: string;
  readonly members: number;
  readonly size: number;
  readonly turns: Listed<string>;
  readonly underWay: number;
  readonly live: number;
  readonly held: number;
  readonly unreachable: number;
  readonly atOnce: number;
  readonly batches: number;
  readonly soakMs: number;
  readonly checks?: { readonly names: readonly string[]; readonly forMs: number } | undefined;
  readonly approval?:
    | { readonly approvers: readonly string[]; readonly missing: number }
    | undefined;
  readonly signedBy?: string | undefined;
  readonly opensAt?: string | undefined;
  readonly opensOn?: string | undefined;
  readonly delays: readonly string[];
  readonly obstacle?: string | undefined;
}

/** A plan for people: a line for the whole, one for each stage, and what is in the way. */
export function formatPlan(plan: ShownPlan): readonly string[] {
  const { stages, overlaps, unpinned = NONE } = plan;
  return [
    summary(plan),
    ...stages.map((stage) => `  ${stage.stage}: ${formatStage(stage).join('; ')}`),
    `  way back: ${sayWayBack(plan)}`,
    ...some(overlaps, ({ cluster, stages: names }) => `${cluster} (${names.join(', ')})`).map(
      (text) => `  in the first of the stages that select it: ${text}`,
    ),
    ...some(unpinned, ({ cluster, sync, code }) => `${cluster} ${sync} (${code})`).map(
      (text) => `  a pin cannot hold on: ${text}`,
    ),
  ];
}

const NONE = { count: 0, first: [] };

function summary({ image, digest, strategy, start, clusters, calls, minutes, ...rest }: ShownPlan) {
  const what = digest ?? 'the next digest';
  const when =
    rest.endsAt === undefined || minutes === undefined
      ? 'and does not end as things are'
      : `at the earliest in ${sayDuration(minutes * MINUTE_MS)}, ${rest.endsAt}`;
  const size = `${count(clusters, 'cluster')}, ${count(calls, 'call')}`;
  return `${image} by strategy ${strategy}: ${what} ${STARTS[start] ?? start}: ${size}, ${when}`;
}

const MINUTE_MS = 60_000;

const STARTS: Readonly<Record<string, string>> = {
  'under-way': 'is under way',
  now: 'begins when it is pushed',
  queued: 'begins after the one in place',
  person: 'goes on when a person says so',
  rejected: 'was rolled back, and begins when a person retries it',
  adoption:
    'waits: the fleet runs several digests, or was not all looked at, and a person resumes it first',
};

function sayWayBack({ wayBack, previous = '' }: ShownPlan): string {
  switch (wayBack) {
    case 'there':
      return `${previous}, still in the registry`;
    case 'gone':
      return `none: ${previous} is not in the registry any more`;
    case 'none':
      return 'none: no digest was completed before';
    default:
      return `${previous}; the registry could not be asked`;
  }
}

function formatStage(stage: ShownStage): readonly string[] {
  const { size, members, state, turns, obstacle } = stage;
  if (members === 0) return ['no cluster has its labels', ...sayObstacle(obstacle)];
  if (size === 0) return ['nothing there follows the image', ...sayObstacle(obstacle)];
  const { atOnce, batches, soakMs, checks, approval, signedBy } = stage;
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
    ...(checks === undefined ? [] : [sayChecks(checks)]),
    ...(approval === undefined ? [] : [sayApproval(approval)]),
    ...sayObstacle(obstacle),
    ...some(turns, (name) => name).map((names) => `in turn ${names}`),
  ];
}

function sayOpening({ opensAt, opensOn, delays, state }: ShownStage): readonly string[] {
  const why = delays.map((delay) => (delay === 'window' ? 'its window' : `freeze ${delay}`));
  const waits = why.length === 0 ? '' : `, waits for ${why.join(' and ')}`;
  if (opensAt === undefined || (state !== 'ahead' && waits === '')) return [];
  return [`from ${opensOn ?? opensAt}${waits}`];
}

function sayChecks({ names, forMs }: NonNullable<ShownStage['checks']>): string {
  const what = names.length === 1 ? 'check' : 'checks';
  return `${what} ${names.join(', ')} for ${sayDuration(forMs)}`;
}

function sayApproval({ approvers, missing }: NonNullable<ShownStage['approval']>): string {
  return `${count(missing, 'approval')} by ${approvers.join(', ')}`;
}

function sayObstacle(obstacle: string | undefined): readonly string[] {
  return obstacle === undefined ? [] : [OBSTACLES[obstacle] ?? obstacle];
}

const OBSTACLES: Readonly<Record<string, string>> = {
  partial: 'is not passed while a part of the fleet cannot be listed',
  empty: 'waits for its first cluster',
  failures: 'halts: more have failed than it allows',
  unreachable: 'stops: more are out of reach than it allows',
  'no-evidence': 'stops: none of its clusters could show that the digest works',
  'no-slots': 'stops: it may have no cluster under way',
  'never-opens': 'never opens, by its windows and freezes',
  frozen: 'is frozen until a person lifts that: npx countersign freezes',
};

/** The names of a list, and how many more there are; nothing of an empty one. */
function some<T>({ first, count: all }: Listed<T>, name: (one: T) => string): readonly string[] {
  if (all === 0) return [];
  const more = all - first.length;
  return [`${first.map(name).join(', ')}${more === 0 ? '' : ` and ${more} more`}`];
}
