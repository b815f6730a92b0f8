import { defined } from '#shared/core/defined.ts';
import { type Admission, admitsAt } from '#shared/core/rollout/admits.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { openingsAt } from '#shared/core/rollout/strategy.ts';
import { MAX_TOUCHED } from '../limits.ts';
import type { StagedDeps } from './deps.ts';
import type { FoundRollout } from './find-rollout.ts';
import type { DecisionAnswer, Touched } from './verbs.ts';
import { viewRecord, viewRollout } from './view-rollout.ts';

/** What a decision would make of the record, and for which RSyncs it would change what may be approved. Nothing is written. */
export async function previewDecision(
  found: FoundRollout,
  record: RolloutRecord,
  deps: StagedDeps,
): Promise<DecisionAnswer> {
  const then = { ...found, record };
  const { message } = await viewRollout(then, deps);
  const touched = await findTouched(found, record, deps);
  return { dryRun: true, rollout: viewRecord(then), touched, message };
}

async function findTouched(
  { record: before, rule, strategy }: FoundRollout,
  after: RolloutRecord,
  deps: StagedDeps,
): Promise<Touched> {
  if (rule === undefined || strategy === undefined) return { clusters: 0, syncs: 0, list: [] };
  const { fleet } = await deps.clusters(before.image, rule);
  const isOpen = openingsAt(strategy, deps.now());
  const all = fleet.clusters.flatMap(({ cluster, labels, syncs = [] }) =>
    syncs.flatMap((sync) => {
      const candidate = { ...sync, cluster, labels };
      const was = admitsAt(before, strategy, candidate, isOpen);
      const is = admitsAt(after, strategy, candidate, isOpen);
      if (digestOf(was) === digestOf(is)) return [];
      const why = is.allowed ? undefined : is.why;
      const change = defined({ before: digestOf(was), after: digestOf(is), why });
      return [{ cluster, sync: sync.sync, ...change }];
    }),
  );
  const clusters = new Set(all.map(({ cluster }) => cluster)).size;
  return { clusters, syncs: all.length, list: all.slice(0, MAX_TOUCHED) };
}

function digestOf(admission: Admission): string | undefined {
  return admission.allowed ? admission.digest : undefined;
}
