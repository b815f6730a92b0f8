import { sayDuration } from '#shared/core/rollout/say-time.ts';
import { shorten } from '../output/digests.ts';
import type { Line } from '../output/line.ts';
import type { Paper } from '../output/paper.ts';
import { sayText } from '../output/say-text.ts';
import { type Column, drawTable } from '../output/table.ts';
import { sayDate } from '../output/times.ts';
import type { View } from '../output/view.ts';
import { wrapTo } from '../output/width.ts';
import { count } from '../terminal.ts';

interface Listed<T> {
  readonly count: number;
  readonly first: readonly T[];
}

/** What is shown of `ImagePlan`, with words that a newer service may have more of. */
export interface ShownPlan {
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

/** A plan of one image. */
export function viewPlan(plan: ShownPlan): View {
  return { value: plan, names: () => [plan.image], lines: (paper) => drawPlan(plan, paper) };
}

/** A plan for people: when it ends or what stops it, its stages in a table, and what is in the way. */
export function drawPlan(plan: ShownPlan, paper: Paper): readonly Line[] {
  const { stages, overlaps, unpinned = NONE } = plan;
  const notes = [
    ...stages.flatMap(({ stage, turns }) =>
      some(turns, (name) => name).map((names) => `${stage} in turn: ${names}`),
    ),
    `way back: ${sayWayBack(plan)}`,
    ...some(overlaps, ({ cluster, stages: names }) => `${cluster} (${names.join(', ')})`).map(
      (text) => `in the first of the stages that select it: ${text}`,
    ),
    ...some(unpinned, ({ cluster, sync, code }) => `${cluster} ${sync} (${code})`).map(
      (text) => `a pin cannot hold on: ${text}`,
    ),
  ];
  return [
    ...headOf(plan, paper),
    '',
    ...drawTable(stages, COLUMNS, paper),
    ...stages.flatMap((stage) => obstacleOf(stage, paper)),
    '',
    ...notes.flatMap((note) => wrapTo(sayText(note, paper), paper.columns)),
  ];
}

const NONE = { count: 0, first: [] };
const MINUTE_MS = 60_000;

function headOf(plan: ShownPlan, { columns, wide }: Paper): Line[] {
  const { image, digest, strategy, start, clusters, calls, minutes, endsAt } = plan;
  const ends = endsAt !== undefined && minutes !== undefined;
  const what = digest === undefined ? 'The next digest' : wide ? digest : shorten(digest);
  const when = ends
    ? `ends in ${sayDuration(minutes * MINUTE_MS)} at the earliest, ${sayDate(endsAt)}`
    : 'does not end as things are';
  const size = `${count(clusters, 'cluster')}, ${count(calls, 'call')}`;
  return [
    [{ text: image, tone: 'strong' }, `  by strategy ${strategy}`],
    ...wrapTo(`${what} ${STARTS[start] ?? start}, and ${when}: ${size}`, columns).map(
      (text): Line => [{ text, tone: ends ? 'ok' : 'bad' }],
    ),
  ];
}

const STARTS: Readonly<Record<string, string>> = {
  'under-way': 'is under way',
  now: 'begins when it is pushed',
  queued: 'begins after the one in place',
  person: 'goes on when a person says so',
  rejected: 'was rolled back, and begins when a person retries it',
  adoption:
    'waits, for the fleet runs several digests, or was not all looked at, and a person resumes it first',
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

const COLUMNS: readonly Column<ShownStage>[] = [
  { title: 'STAGE', of: ({ stage }) => stage, cut: 'end' },
  { title: 'STATE', of: ({ state }) => state },
  { title: 'TO GO', of: ({ size, turns, underWay }) => `${turns.count + underWay} of ${size}` },
  { title: 'LIVE', of: ({ live }) => `${live}`, from: 100 },
  { title: 'HELD', wide: true, of: ({ held }) => `${held}` },
  { title: 'UNREACHABLE', wide: true, of: ({ unreachable }) => `${unreachable}` },
  {
    title: 'AT ONCE',
    of: ({ atOnce, turns }) => (turns.count === 0 ? '' : `${atOnce}`),
    from: 100,
  },
  { title: 'OPENS', of: sayOpening },
  { title: 'THEN', of: (stage) => sayThen(stage).join('; '), cut: 'end' },
];

function sayOpening({ opensAt, opensOn, delays, state }: ShownStage, { wide }: Paper): string {
  const why = delays.map((delay) => (delay === 'window' ? 'its window' : `freeze ${delay}`));
  if (opensAt === undefined || (state !== 'ahead' && why.length === 0)) return '';
  const waits = why.length === 0 ? '' : `, waits for ${why.join(' and ')}`;
  return `${opensOn ?? sayDate(opensAt)}${wide ? waits : ''}`;
}

/** What has to happen in it before the next one opens. */
function sayThen(stage: ShownStage): readonly string[] {
  const { members, size, state, soakMs, checks, approval, signedBy } = stage;
  if (members === 0) return ['no cluster has its labels'];
  if (size === 0) return ['nothing there follows the image'];
  if (state === 'passed') return [];
  return [
    ...(signedBy === undefined ? [] : [`opens by trust policy ${signedBy}`]),
    ...(soakMs === 0 ? [] : [`soaks ${sayDuration(soakMs)}`]),
    ...(checks === undefined
      ? []
      : [
          `${checks.names.length === 1 ? 'check' : 'checks'} ${checks.names.join(', ')} for ${sayDuration(checks.forMs)}`,
        ]),
    ...(approval === undefined
      ? []
      : [`${count(approval.missing, 'approval')} by ${approval.approvers.join(', ')}`]),
  ];
}

function obstacleOf({ stage, obstacle }: ShownStage, { columns }: Paper): Line[] {
  if (obstacle === undefined) return [];
  return wrapTo(`${stage} ${OBSTACLES[obstacle] ?? obstacle}`, columns).map(
    (text): Line => [{ text, tone: 'bad' }],
  );
}

const OBSTACLES: Readonly<Record<string, string>> = {
  partial: 'is not passed while a part of the fleet cannot be listed',
  empty: 'waits for its first cluster',
  failures: 'halts: more have failed than it allows',
  unreachable: 'stops: more are out of reach than it allows',
  'no-evidence': 'stops: none of its clusters could show that the digest works',
  'no-slots': 'stops: it may have no cluster under way',
  'never-opens': 'never opens, by its windows and freezes',
  frozen: 'is frozen until a person lifts that: countersign freezes',
};

/** The names of a list, and how many more there are; nothing of an empty one. */
function some<T>({ first, count: all }: Listed<T>, name: (one: T) => string): readonly string[] {
  if (all === 0) return [];
  const more = all - first.length;
  return [`${first.map(name).join(', ')}${more === 0 ? '' : ` and ${more} more`}`];
}
