import { defined } from '#shared/core/defined.ts';
import { toFailure } from '#shared/core/errors.ts';
import type { PersonFreeze } from '#shared/core/rollout/freezes.ts';
import { ageOf } from '#shared/overview/present-row.ts';
import { SEVERITIES } from '#shared/overview/causes.ts';
import type { Log } from '#shared/reconcile/deps.ts';
import type { Entry } from '#shared/records/records.ts';
import type { Tally } from '#shared/store/store.ts';
import type { SnapshotDeps } from '../fleet/read-snapshot.ts';
import { readList } from '../freezes/change-freeze.ts';
import { MAX_NEEDS, SWEEP_SILENT_MS } from '../limits.ts';
import { rememberFor, snapshotTtlMs } from '../remember.ts';
import type { StagedDeps } from '../rollouts/deps.ts';
import { needOfCause, runbookOf } from './needs-of-causes.ts';
import { needOfFreeze, needOfRollout } from './needs-of-decisions.ts';
import { NEEDS, type Need, type Overview } from './operation.ts';
import type { ReadTally, TallyReader } from './read-tally.ts';
import { sayState } from './say-state.ts';

/** What people and their roll-outs have decided, as far as it could be read. */
interface Decisions {
  readonly freezes: readonly PersonFreeze[];
  readonly entries: readonly Entry[];
  readonly unread: boolean;
}

export interface OverviewDeps extends SnapshotDeps {
  readonly staged: StagedDeps | undefined;
  readonly tally: TallyReader;
}

/** Throws `store-unavailable`. */
export type ReadOverview = (log: Log) => Promise<Overview>;

/**
 * Is the fleet well, and what needs a person: from the count of the fleet, and from what people have decided. All who ask
 * meanwhile share one reading of that. Where records cannot be read, the fleet is shown all the same.
 *
 * @example
 * const { state, needs } = await createOverview(deps)(log);
 */
export function createOverview(deps: OverviewDeps): ReadOverview {
  const remember = rememberFor<Decisions>(deps.now, ({ entries }) => snapshotTtlMs(entries.length));
  return async (log) => {
    const read = await deps.tally();
    const [decisions, sweptAt] = await Promise.all([
      remember('', () => readDecisions(deps.staged, log)),
      readSweep(deps),
    ]);
    return describe(read, decisions, sweptAt, deps);
  };
}

async function readDecisions(staged: StagedDeps | undefined, log: Log): Promise<Decisions> {
  if (staged === undefined) return { freezes: [], entries: [], unread: false };
  const [freezes, entries] = await Promise.all([
    orNone(() => readList(staged), log),
    orNone(() => staged.staging.records.list(), log),
  ]);
  const unread = freezes === undefined || entries === undefined;
  return { freezes: freezes ?? [], entries: entries ?? [], unread };
}

async function orNone<T>(readAll: () => Promise<T>, log: Log): Promise<T | undefined> {
  try {
    return await readAll();
  } catch (error) {
    log.warn({ error: toFailure(error) }, 'Decisions cannot be shown');
    return undefined;
  }
}

/** When the last sweep began; undefined where none has, as in a new installation. */
async function readSweep({ store }: Pick<OverviewDeps, 'store'>): Promise<string | undefined> {
  return (await store.readNote('sweep', 'fleet'))?.startedAt;
}

function describe(
  { tally }: ReadTally,
  { freezes, entries, unread }: Decisions,
  sweptAt: string | undefined,
  { staged, now }: Pick<OverviewDeps, 'staged' | 'now'>,
): Overview {
  const at = now();
  const found = staged?.find;
  const needs = [
    ...silence(sweptAt, at),
    ...tally.causes.map(needOfCause),
    ...(found ? entries.flatMap((entry) => needOfRollout(entry, found) ?? []) : []),
    ...freezes.map(needOfFreeze),
  ].toSorted(worstFirst);
  const { clusters, syncs, unwell, phases, images, labels, left } = tally;
  const shown = needs.slice(0, MAX_NEEDS);
  return {
    ...sayState({ tally, needs }),
    asOf: tally.at,
    ...defined({
      oldestReadingSeconds: tally.readAt === undefined ? undefined : ageOf(tally.readAt, at),
      partial: unread ? (true as const) : undefined,
    }),
    clusters,
    syncs,
    unwell,
    phases: { ...phases },
    needs: shown,
    images: images.map((image) => viewImage(image, found?.(image.image).strategy?.stages)),
    labels: labels.map(({ key, values }) => ({
      key,
      values: values.map((value) => ({ ...value, phases: { ...value.phases } })),
    })),
    left: { causes: left.causes + needs.length - shown.length, images: left.images },
  };
}

/** Stages in the order of the strategy; those that it does not have any more are the last. */
function viewImage(
  image: Tally['images'][number],
  strategy: readonly { readonly name: string }[] = [],
): Overview['images'][number] {
  const rankOf = ({ stage }: { readonly stage: string }): number => {
    const rank = strategy.findIndex(({ name }) => name === stage);
    return rank === -1 ? strategy.length : rank;
  };
  const stages = image.stages
    .map(({ stage, phases }) => ({ stage, phases: { ...phases } }))
    .toSorted((a, b) => rankOf(a) - rankOf(b));
  const live = image.live.map((one) => ({ ...one }));
  const { unwell: _, ...shown } = image;
  return { ...shown, phases: { ...image.phases }, live, stages };
}

/** What sweeps make good waits; and of a large fleet nothing new is known. */
function silence(sweptAt: string | undefined, now: Date): readonly Need[] {
  if (sweptAt === undefined || now.getTime() - Date.parse(sweptAt) < SWEEP_SILENT_MS) return [];
  return [
    {
      kind: 'sweep-silent',
      severity: 'error',
      title: `No sweep has begun since ${sweptAt}: what is shown may be old`,
      clusters: 0,
      syncs: 0,
      examples: [],
      since: sweptAt,
      waitsFor: 'an operator',
      runbook: runbookOf('sweep-is-silent'),
    },
  ];
}

/** By how urgent it is, then by kind, then by how many it is about. */
function worstFirst(a: Need, b: Need): number {
  const urgent = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  const kinds = NEEDS.indexOf(a.kind) - NEEDS.indexOf(b.kind);
  return urgent || kinds || b.syncs + b.clusters - (a.syncs + a.clusters);
}
