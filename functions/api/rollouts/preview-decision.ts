import { defined } from '#shared/core/defined.ts';
import { type Admission, admitsAt } from '#shared/core/rollout/admits.ts';
import { advance } from '#shared/core/rollout/advance.ts';
import type { FleetSync } from '#shared/core/rollout/fleet.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { sayNow } from '#shared/core/rollout/say-now.ts';
import { viewStages } from '#shared/core/rollout/standing.ts';
import { type Strategy, openingsAt } from '#shared/core/rollout/strategy.ts';
import type { Entry } from '#shared/records/records.ts';
import { createLoad } from '#shared/rollouts/load.ts';
import { MAX_TOUCHED } from '../limits.ts';
import type { DecisionAnswer, Touched } from './decision-operation.ts';
import type { StagedDeps } from './deps.ts';
import type { FoundRollout } from './find-rollout.ts';
import { tagToMove } from './tag-to-move.ts';
import { viewRecord } from './view-rollout.ts';

/**
 * What a decision would make of the record, where the next sweep would take that, and for which RSyncs what may be
 * approved would change. A signature that a stage asks for is not looked for. Nothing is written. `entries`: all that is
 * recorded, for what other roll-outs have under way.
 */
export async function previewDecision(
  found: FoundRollout,
  record: RolloutRecord,
  entries: readonly Entry[],
  deps: StagedDeps,
): Promise<DecisionAnswer> {
  const then = { ...found, record };
  const needsTag = tagToMove(then);
  const answer = { dryRun: true, rollout: viewRecord(then), ...defined({ needsTag }) };
  const { rule, strategy } = found;
  if (rule === undefined || strategy === undefined) return answer;
  const now = deps.now();
  const { fleet, fleets } = await deps.clusters(record.image, rule);
  const load = createLoad(entries, { ...deps, fleets, now });
  const known = { ...fleet, elsewhere: load.elsewhere(record.image) };
  const swept = advance(record, strategy, known, now).record;
  const isOpen = openingsAt(strategy, now);
  const views = viewStages(swept, strategy, fleet.clusters, { now, isOpen });
  return {
    ...answer,
    touched: findTouched([found.record, swept], { strategy, fleet, isOpen }),
    message: sayNow(defined({ record: swept, strategy, views, now, partial: fleet.partial })),
  };
}

function findTouched(
  [before, after]: readonly [RolloutRecord, RolloutRecord],
  about: {
    readonly strategy: Strategy;
    readonly fleet: Awaited<ReturnType<StagedDeps['clusters']>>['fleet'];
    readonly isOpen: ReturnType<typeof openingsAt>;
  },
): Touched {
  const { strategy, fleet, isOpen } = about;
  const all = fleet.clusters.flatMap(({ cluster, labels, syncs = [] }) =>
    syncs.flatMap((sync) => {
      const candidate = { ...sync, cluster, labels };
      const was = admitsAt(before, strategy, candidate, isOpen);
      const is = admitsAt(after, strategy, candidate, isOpen);
      const change = { before: newTo(sync, was), after: newTo(sync, is) };
      if (change.before === change.after) return [];
      const why = is.allowed ? undefined : is.why;
      return [{ cluster, sync: sync.sync, ...defined({ ...change, why }) }];
    }),
  );
  const clusters = new Set(all.map(({ cluster }) => cluster)).size;
  return { clusters, syncs: all.length, list: all.slice(0, MAX_TOUCHED) };
}

/** What may be approved on an RSync that is not approved there already. */
function newTo({ approved }: FleetSync, admission: Admission): string | undefined {
  return admission.allowed && admission.digest !== approved ? admission.digest : undefined;
}
