import { sayCheck } from '#shared/core/rollout/view-checks.ts';
import type { Rollout } from '../api/schema.ts';
import type { Line, Tone } from '../output/line.ts';
import { clusterOf } from '../output/names.ts';
import type { Paper } from '../output/paper.ts';
import { sayText } from '../output/say-text.ts';
import { type Column, drawTable } from '../output/table.ts';
import { sayAge, sayWhen } from '../output/times.ts';
import { toneOf } from '../output/tones.ts';
import type { View } from '../output/view.ts';
import { padTo, wrapTo } from '../output/width.ts';

/** One roll-out: where it stands, what a person may do, its stages, what lags, its checks, and who did what. */
export function viewRollout(rollout: Rollout): View {
  return {
    value: rollout,
    names: () => [rollout.id],
    lines: (paper) => [
      ...headOf(rollout, paper),
      ...section(drawTable(rollout.stages, STAGE_COLUMNS, paper)),
      ...section(lagLines(rollout, paper)),
      ...section(checkLines(rollout, paper)),
      ...section(drawTable(rollout.history.toReversed(), HISTORY_COLUMNS, paper)),
    ],
  };
}

function section(lines: readonly Line[]): readonly Line[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

function headOf(rollout: Rollout, paper: Paper): readonly Line[] {
  const { id, status, version, image, digest, previous, startedAt, startedBy, message } = rollout;
  const tone = toneOf(status);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['image', image],
    ['digest', digest],
    ['before', previous],
    [
      'begun',
      startedAt &&
        `${sayWhen(startedAt, paper.now)}${startedBy === undefined ? '' : `, by ${startedBy}`}`,
    ],
  ];
  return [
    [
      { text: id, tone: 'strong' },
      '  ',
      { text: status, tone },
      { text: `  version ${version}`, tone: 'quiet' },
    ],
    ...wrapTo(sayText(message, paper), paper.columns).map((text): Line => [{ text, tone }]),
    ...nextCommands(rollout).map((text): Line => [{ text: `  ${text}`, tone: 'command' }]),
    ...facts.flatMap(([name, value]) =>
      value === undefined ? [] : [`${padTo(name, FACT_WIDTH)}${value}`],
    ),
  ];
}

const FACT_WIDTH = 'digest'.length + 2;

/** What a person may type next; nothing where time or clusters come next. */
function nextCommands({ id, status, cause, stage }: Rollout): readonly string[] {
  const decide = (verb: string): string => `countersign rollout ${verb} ${id} --reason "…"`;
  switch (status) {
    case 'awaiting-approval':
      // A signature, or evidence, is no person's word.
      return cause === 'approval' ? [decide('approve').replace(id, `${id} --stage ${stage}`)] : [];
    case 'paused':
      return [decide('resume')];
    case 'halted':
      return [decide('resume'), decide('rollback')];
    case 'aborted':
      return [decide('retry')];
    default:
      return [];
  }
}

type Stage = Rollout['stages'][number];

function numbered(
  title: string,
  of: (stage: Stage) => number,
  tone?: Tone,
  wide = false,
): Column<Stage> {
  return {
    title,
    wide,
    of: (stage) => `${of(stage)}`,
    tone: (stage) => (of(stage) === 0 ? 'quiet' : tone),
  };
}

const STAGE_COLUMNS: readonly Column<Stage>[] = [
  { title: 'STAGE', of: ({ stage }) => stage, cut: 'end' },
  {
    title: 'LIVE',
    of: ({ live, clusters }) => `${live} of ${clusters}`,
    tone: ({ live, clusters }) => (live === clusters && clusters > 0 ? 'ok' : undefined),
  },
  numbered('UNDER WAY', ({ underWay }) => underWay, 'wait'),
  numbered('FAILED', ({ failed }) => failed, 'bad'),
  numbered('UNREACHABLE', ({ unreachable }) => unreachable, 'bad'),
  numbered('WAITING', ({ waiting }) => waiting),
  numbered('HELD', ({ held }) => held),
  numbered('IGNORED', ({ ignored }) => ignored, undefined, true),
  numbered('FAILING BEFORE', ({ failedBefore }) => failedBefore, undefined, true),
];

type Lag = Stage['lagging'][number] & { readonly stage: string };

function laggingOf({ stages }: Rollout): readonly Lag[] {
  return stages.flatMap(({ stage, lagging }) => lagging.map((one) => ({ ...one, stage })));
}

/** Rows of what lags; the rest is counted. */
const MAX_LAGGING = 10;

function lagLines(rollout: Rollout, paper: Paper): readonly Line[] {
  const all = laggingOf(rollout);
  const shown = paper.wide ? all : all.slice(0, MAX_LAGGING);
  const sum = rollout.stages.reduce(
    (total, { underWay, failed, failedBefore, unreachable, held }) =>
      total + underWay + failed + failedBefore + unreachable + held,
    0,
  );
  const more = sum - shown.length;
  return [
    ...drawTable(shown, LAG_COLUMNS, paper),
    ...(more > 0 ? [[{ text: `and ${more} more: -o wide`, tone: 'quiet' } as const]] : []),
  ];
}

const LAG_COLUMNS: readonly Column<Lag>[] = [
  { title: 'LAGS', of: clusterOf },
  { title: 'STAGE', of: ({ stage }) => stage, cut: 'end' },
  { title: 'IS', of: ({ standing }) => standing, tone: ({ standing }) => LAG_TONES[standing] },
  { title: 'AGE', of: ({ since }, { now }) => (since === undefined ? '' : sayAge(since, now)) },
  { title: 'RSYNC', of: ({ sync = '' }) => sync, from: 100 },
  { title: 'WHY', of: ({ message = '' }, paper) => sayText(message, paper), cut: 'end' },
];

const LAG_TONES: Readonly<Record<string, Tone>> = { failed: 'bad', unreachable: 'bad' };

function checkLines({ checks = [] }: Rollout, paper: Paper): readonly Line[] {
  if (checks.length === 0) return [];
  const lines = checks.flatMap((check) =>
    wrapTo(sayText(sayCheck(check), paper), paper.columns - 2),
  );
  return [[{ text: 'CHECKS', tone: 'quiet' }], ...lines.map((line) => `  ${line}`)];
}

type Entry = Rollout['history'][number];

const HISTORY_COLUMNS: readonly Column<Entry>[] = [
  {
    title: 'WHEN',
    of: ({ at }, { now, wide }) => (wide ? sayWhen(at, now) : `${sayAge(at, now)} ago`),
  },
  { title: 'BY', of: ({ by }) => by, cut: 'end' },
  { title: 'WHAT', of: ({ did }) => did, cut: 'end' },
  { title: 'REASON', of: ({ reason }) => reason, cut: 'end' },
];
