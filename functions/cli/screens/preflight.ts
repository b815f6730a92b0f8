import type { IdleEntry } from '../preflight/idle-entries.ts';
import type { TriedCheck } from '../preflight/try-checks.ts';
import type { ClusterReport, FleetReport } from '../preflight/report.ts';
import { exitCodeOf } from '../preflight/report.ts';
import { shorten } from '../output/digests.ts';
import type { Line, Tone } from '../output/line.ts';
import { clusterOf } from '../output/names.ts';
import { type Column, drawTable } from '../output/table.ts';
import { toneOf } from '../output/tones.ts';
import type { View } from '../output/view.ts';
import { count } from '../terminal.ts';
import { drawPlan } from './plan.ts';

/** What the gate would refuse today: whether it is anything, what it is by cause, then clusters, plans and checks. */
export function viewPreflight(report: FleetReport): View {
  const { clusters, unlisted, rollouts, checks = [], idle = [] } = report;
  return {
    value: report,
    names: () =>
      clusters.flatMap(({ cluster, refused }) =>
        [...new Set(refused.map(({ sync }) => sync))].map((sync) => `${cluster} ${sync}`),
      ),
    lines(paper) {
      const isFew = paper.wide || clusters.length <= MAX_CLEAN;
      const shown = isFew ? clusters : clusters.filter(hasFindings);
      const left = rollouts?.left ?? 0;
      return [
        [{ text: summary(report), tone: SUMMARY_TONES[exitCodeOf(report)] }],
        ...section(drawTable(findingsOf(report, paper.wide), FINDING_COLUMNS, paper)),
        ...section(drawTable(shown, CLUSTER_COLUMNS, paper)),
        ...unlisted.map((place) => `${place}: its clusters could not be listed`),
        ...(rollouts?.plans ?? []).flatMap((plan) => section(drawPlan(plan, paper))),
        ...(left === 0 ? [] : [`${count(left, 'image')} more with a strategy, not planned`]),
        ...section(drawTable(checks, CHECK_COLUMNS, paper)),
        ...section(idle.map(sayIdle)),
      ];
    },
  };
}

function sayIdle({ at, match, hint }: IdleEntry): Line {
  const more = hint === undefined ? '' : `: ${hint}`;
  return [{ text: `images[${at}]: no RSync follows ${match}${more}`, tone: 'wait' }];
}

/** Clusters of which those without a finding are shown as well. */
const MAX_CLEAN = 10;

const SUMMARY_TONES: Readonly<Record<number, Tone>> = { 0: 'ok', 1: 'bad', 2: 'wait' };

function section(lines: readonly Line[]): readonly Line[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

function summary({ clusters, unlisted, idle = [] }: FleetReport): string {
  const syncs = clusters.flatMap(({ refused }) => [...new Set(refused.map(({ sync }) => sync))]);
  const problems = clusters.flatMap((report) => report.problems).length;
  const unchecked =
    clusters.filter((report) => report.unchecked !== undefined).length + unlisted.length;
  const refused = syncs.length === 0 ? 'nothing' : count(syncs.length, 'RSync');
  return [
    `The gate would refuse ${refused} in ${count(clusters.length, 'cluster')}`,
    ...(problems === 0 ? [] : [count(problems, 'problem')]),
    ...(idle.length === 0 ? [] : [`nothing follows ${count(idle.length, 'entry', 'entries')}`]),
    ...(unchecked === 0 ? [] : [`${count(unchecked, 'place')} not checked`]),
  ].join('; ');
}

/** One thing that was found, wherever it was. */
interface Finding {
  readonly what: string;
  readonly why: string;
  readonly tone: Tone;
  readonly clusters: ReadonlySet<string>;
  readonly syncs: number;
  readonly example: string;
}

/** By cause; with `each`, cluster by cluster and RSync by RSync. */
function findingsOf({ clusters }: FleetReport, each: boolean): readonly Finding[] {
  const found = new Map<string, Finding>();
  function add(what: string, why: string, tone: Tone, cluster: string, sync?: string): void {
    // Of many clusters the same text, but for their names.
    const place = each ? [cluster, sync] : [];
    const key = JSON.stringify([what, why.replaceAll(cluster, ''), ...place]);
    const known = found.get(key);
    found.set(key, {
      what,
      why,
      tone,
      clusters: new Set([...(known?.clusters ?? []), cluster]),
      syncs: (known?.syncs ?? 0) + (sync === undefined ? 0 : 1),
      example: known?.example ?? [cluster, sync ?? []].flat().join(' '),
    });
  }
  for (const { cluster, refused, problems, unpinned, unchecked, notes } of clusters) {
    for (const { sync, because, key = 'what it announces', message } of refused) {
      add(`refused, ${because}`, `${key}: ${message}`, 'bad', cluster, sync);
    }
    for (const { code, message } of problems) add(code, message, 'bad', cluster);
    if (unchecked !== undefined) add('not checked', unchecked, 'wait', cluster);
    for (const { sync, code, message } of unpinned) add(code, message, 'wait', cluster, sync);
    for (const note of notes) add('note', note, 'quiet', cluster);
  }
  return [...found.values()].toSorted(
    (a, b) => TONE_ORDER.indexOf(a.tone) - TONE_ORDER.indexOf(b.tone),
  );
}

const TONE_ORDER: readonly Tone[] = ['bad', 'wait', 'quiet'];

const FINDING_COLUMNS: readonly Column<Finding>[] = [
  { title: 'FOUND', of: ({ what }) => what, tone: ({ tone }) => tone },
  { title: 'CLUSTERS', of: ({ clusters }) => `${clusters.size}` },
  { title: 'RSYNCS', of: ({ syncs }) => (syncs === 0 ? '' : `${syncs}`) },
  { title: 'SUCH AS', of: ({ example }) => example, cut: 'end' },
  { title: 'WHY', of: ({ why }, { wide }) => (wide ? why : shorten(why)), cut: 'end' },
];

function hasFindings({ problems, refused, unchecked }: ClusterReport): boolean {
  return problems.length + refused.length > 0 || unchecked !== undefined;
}

const CLUSTER_COLUMNS: readonly Column<ClusterReport>[] = [
  { title: 'CLUSTER', of: clusterOf, cut: 'start' },
  { title: 'KUBERNETES', of: ({ kubernetes = 'unknown' }) => kubernetes },
  { title: 'CONFIG SYNC', of: ({ configSync = 'unknown' }) => configSync },
  { title: 'RSYNCS', of: ({ syncs }) => `${syncs}` },
  {
    title: 'REFUSED',
    of: ({ refused }) => `${refused.length}`,
    tone: ({ refused }) => (refused.length > 0 ? 'bad' : undefined),
  },
  {
    title: 'PROBLEMS',
    of: ({ problems }) => `${problems.length}`,
    tone: ({ problems }) => (problems.length > 0 ? 'bad' : undefined),
  },
  { title: 'IDENTITY', of: ({ user = 'unknown' }) => user, cut: 'start' },
];

const CHECK_COLUMNS: readonly Column<TriedCheck>[] = [
  { title: 'STRATEGY', of: ({ strategy }) => strategy, cut: 'end' },
  { title: 'STAGE', of: ({ stage }) => stage, cut: 'end' },
  { title: 'CHECK', of: ({ check }) => check, cut: 'end' },
  {
    title: 'ANSWER',
    of: ({ isAsked, outcome }) => (isAsked ? outcome : 'cannot be asked'),
    tone: ({ isAsked, outcome }) => (isAsked ? toneOf(outcome) : 'bad'),
  },
  {
    title: 'WHAT',
    of: ({ value, problem }) => [value, problem].filter((text) => text !== undefined).join(', '),
    cut: 'end',
  },
];
