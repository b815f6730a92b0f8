import type { Admission } from '#shared/core/rollout/admits.ts';
import { defined } from '#shared/core/defined.ts';
import type { Followed, StagedAdmission } from '#shared/core/decision-input.ts';
import { toFailure } from '#shared/core/errors.ts';
import { type Fix, fixOfFreeze } from '#shared/core/rollout/explain-fix.ts';
import { explainFreeze } from '#shared/core/rollout/explain-freeze.ts';
import { type RolloutExplanation, explainRollout } from '#shared/core/rollout/explain.ts';
import type { FleetCluster } from '#shared/core/rollout/fleet.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { Entry } from '#shared/records/records.ts';
import type { Look } from '#shared/reconcile/look-at-cluster.ts';
import { readFreezing } from '#shared/reconcile/read-freezing.ts';
import { syncOf } from '#shared/rollouts/fleets.ts';
import type { StagedDeps } from '../rollouts/deps.ts';

/**
 * What one RSync waits for in the roll-out of its image: its record, the RSync as it was just looked at, and the rest of
 * the fleet as it was last seen. Of an image that goes everywhere at once, the freeze that holds; undefined where none
 * does.
 */
export async function explainRolloutOf(
  { rsync, row, followed }: Look,
  member: Member,
  staged: StagedDeps | undefined,
): Promise<RolloutExplanation | undefined> {
  const found = followed?.admission;
  const { reference } = (followed?.named ?? followed)?.resolved ?? {};
  if (staged === undefined || followed === undefined || reference === undefined) return undefined;
  const { staging, clusters, now } = staged;
  const configured = staging.strategies.of(followed.rule);
  try {
    const freezing = await readFreezing(staging, staged);
    if (configured === undefined || found === undefined) {
      if (freezing.find(reference, member.labels, now()) === undefined) return undefined;
      const waits = followed.kept?.why === 'freeze';
      const freezes = freezing.of(reference);
      const step = explainFreeze(freezes, member.labels, now(), waits);
      const held = freezes.filter((freeze) => freeze.selects(member.labels));
      return explainFrozen(step, fixOfFreeze(held, now()));
    }
    const strategy = freezing.with(configured, reference);
    const entries = await staging.records.ofRepository(reference.repository);
    const record = entries.find(({ image }) => image === found.image)?.record;
    const { fleet } = await clusters(found.image, followed.rule);
    const sync = syncOf(row);
    const { hold } = rsync.annotations;
    const hasChecks = strategy.stages.some(({ checks }) => checks !== undefined);
    const noted = hasChecks ? await staged.store.readNote('evidence', found.image) : undefined;
    const cluster = clusterNow(member, sync, fleet.clusters);
    const asked = { cluster, sync, ...defined({ hold, noted }) };
    const admission = admissionOf(found);
    const explained = explainRollout(record, strategy, fleet, { ...asked, admission }, now());
    return withRejection(explained, followed, entries);
  } catch (error) {
    const { message } = toFailure(error);
    const step = configured === undefined ? 'freeze' : 'stage';
    return { steps: [{ step, outcome: 'unknown', finding: message, details: [] }] };
  }
}

function explainFrozen(
  step: ReturnType<typeof explainFreeze>,
  fix: Fix | undefined,
): RolloutExplanation {
  if (step.outcome !== 'wait') return { steps: [step] };
  const waits = `Waits for the end of a freeze. ${step.finding}`;
  return { steps: [step], waits, ...defined({ fix }) };
}

/** What its tag or spec names was rolled back, by whichever record of the repository: that comes here no more. */
function withRejection(
  explained: RolloutExplanation,
  { resolved, named }: Followed,
  entries: readonly Entry[],
): RolloutExplanation {
  const key = (named ?? { resolved }).resolved?.key;
  const by = entries.find(({ record }) => record?.rejected.includes(key ?? ''))?.record;
  const [first, ...others] = explained.steps;
  if (key === undefined || by === undefined || first === undefined) return explained;
  const detail = `It names ${key}, which was rolled back by ${by.id}: only a retry brings that again`;
  return { ...explained, steps: [{ ...first, details: [...first.details, detail] }, ...others] };
}

function admissionOf({ why, digest }: StagedAdmission): Admission {
  if (why !== undefined) return { allowed: false, why };
  return digest === undefined ? { allowed: false, why: 'record' } : { allowed: true, digest };
}

/** Its cluster has just answered; of its other RSyncs the snapshot says what they are. */
function clusterNow(
  { name, labels }: Member,
  sync: ReturnType<typeof syncOf>,
  known: readonly FleetCluster[],
): FleetCluster {
  const { syncs = [] } = known.find(({ cluster }) => cluster === name) ?? {};
  const others = syncs.filter((other) => other.sync !== sync.sync);
  return { cluster: name, labels, reachable: true, syncs: [sync, ...others] };
}
