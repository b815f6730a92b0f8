import { defined } from '../defined.ts';
import type { FoundHold } from '../annotations.ts';
import { type Admission, type Wait, admitsAt, promotionOf } from './admits.ts';
import type { NotedEvidence } from './checks.ts';
import {
  type RolloutScene,
  type RolloutStep,
  explainApprovers,
  explainHold,
  explainLimit,
  explainPosition,
  explainStage,
  explainWindow,
  sayApprovals,
  sayProgress,
} from './explain-steps.ts';
import { explainFreeze } from './explain-freeze.ts';
import { explainEvidence } from './explain-evidence.ts';
import { type Fix, fixOfWait } from './explain-fix.ts';
import type { Fleet, FleetCluster, FleetSync } from './fleet.ts';
import type { RolloutRecord } from './record.ts';
import { STANDINGS, viewStages } from './standing.ts';
import { type Strategy, openingsAt, stageOf } from './strategy.ts';
import type { Freeze } from './windows.ts';

/** Whose wait is asked about. */
export interface AskedSync {
  /** Its cluster as it is now, among whose RSyncs it is. */
  readonly cluster: FleetCluster;
  readonly sync: FleetSync;
  readonly hold?: FoundHold;
  /** What the checks of the stage where the roll-out stands came to last. */
  readonly noted?: NotedEvidence;
  /** What a look came to, among all records of the repository; absent: what its own record says. */
  readonly admission?: Admission;
}

export interface RolloutExplanation {
  readonly steps: readonly RolloutStep[];
  /** What it waits for, in one sentence; absent: it has what it is to have. */
  readonly waits?: string;
  /** What a person can type so that it goes on; absent: nothing, or time does. */
  readonly fix?: Fix;
}

/**
 * Why an RSync has, or has not, what its image's roll-out is about: stage, place in the queue, hold, window, approvals
 * and limits, and one sentence. The fleet is as it was last seen, the cluster as it is now. It costs a look at each
 * cluster of the fleet.
 *
 * @example
 * explainRollout(record, strategy, fleet, { cluster, sync }, now).waits // 'Waits for stage "rest": early has soaked 2 h of 4 h'
 */
export function explainRollout(
  record: RolloutRecord | undefined,
  strategy: Strategy,
  fleet: Fleet,
  asked: AskedSync,
  now: Date,
): RolloutExplanation {
  const { cluster, sync, hold, noted } = asked;
  const isOpen = openingsAt(strategy, now);
  const place = stageOf(strategy, cluster.labels);
  if (record === undefined || record.status === 'retired') {
    const finding = `In stage ${JSON.stringify(place.stage.name)}, and no roll-out of its image is recorded`;
    const stage: RolloutStep = { step: 'stage', outcome: 'wait', finding, details: [] };
    return {
      steps: [stage],
      waits: 'Waits for the record of its roll-out, which the next sweep begins',
    };
  }
  const candidate = { ...sync, cluster: cluster.cluster, labels: cluster.labels };
  const own = admitsAt(record, strategy, candidate, isOpen);
  const others = fleet.clusters.filter((other) => other.cluster !== cluster.cluster);
  const views = viewStages(record, strategy, [...others, cluster], { now, isOpen });
  const standing =
    STANDINGS.find((name) => views[place.index]?.of[name].includes(cluster)) ?? 'absent';
  const admission = asked.admission ?? own;
  const partial = fleet.partial === true;
  const common = { record, strategy, views, partial, cluster, sync, admission, place, standing };
  const scene: RolloutScene = { ...common, now, isOpen, ...defined({ hold, noted }) };
  const steps = [
    explainStage(scene),
    explainPosition(scene),
    explainHold(scene),
    explainFreeze(inForce(scene), cluster.labels, now, sync.approved !== record.digest),
    explainWindow(scene),
    ...explainEvidence(scene),
    explainApprovers(scene),
    explainLimit(scene),
  ];
  const fix = admission.allowed ? undefined : fixOfWait(admission.why, scene);
  return defined({ steps, waits: waitOf(scene, own), fix });
}

/** What it waits for; undefined where it has what it is to have. */
function waitOf(scene: RolloutScene, own: Admission): string | undefined {
  const { admission, sync, record } = scene;
  if (admission.allowed) {
    if (sync.approved === admission.digest) return undefined;
    return `Let in to ${admission.digest}: the next look at its cluster approves it`;
  }
  if (own.allowed && admission.why !== 'signature') {
    return `Waits: another roll-out of its repository is about ${own.digest} as well, and does not let it in`;
  }
  return sayWhy(admission.why, record, scene);
}

function sayWhy(why: Wait, record: RolloutRecord, scene: RolloutScene): string {
  const { place, strategy } = scene;
  const stage = `stage ${JSON.stringify(place.stage.name)}`;
  switch (why) {
    case 'record':
      return 'Waits for the record of its roll-out';
    case 'rejected':
      return `Waits: ${record.digest} was rolled back; push another digest, or have a person retry it`;
    case 'held':
      return `Waits: ${explainHold(scene).finding}`;
    case 'paused':
      return `Waits: its roll-out is paused${sayWho(record, 'pause')}, until a person resumes it`;
    case 'halted':
      return `Waits: its roll-out has halted, ${explainLimit(scene).finding}; resume it, roll it back, or push a newer digest`;
    case 'aborted':
      return `Waits for a newer digest: its roll-out was aborted${sayWho(record, 'abort')}`;
    case 'rollback':
      return `Stays as it is: others are taken back to ${record.digest}, and it does not have what was rolled back`;
    case 'freeze': {
      const { finding } = explainFreeze(inForce(scene), scene.cluster.labels, scene.now, true);
      return isAhead(scene)
        ? `Waits for ${stage}: ${sayBefore(scene, strategy)}; then for the end of a freeze. ${finding}`
        : `Waits for the end of a freeze. ${finding}`;
    }
    case 'window': {
      const { finding } = explainWindow(scene);
      return isAhead(scene)
        ? `Waits for ${stage}: ${sayBefore(scene, strategy)}; then for its window, which ${lower(finding)}`
        : `Waits for a window of ${stage}, which ${lower(finding)}`;
    }
    case 'stage':
      return `Waits for ${stage}: ${sayBefore(scene, strategy)}`;
    case 'queue':
      return `Waits for its turn in ${stage}: ${explainPosition(scene).finding}`;
    case 'signature':
      return `Waits for a signature: ${record.digest} does not meet trust policy ${place.stage.signedBy ?? ''} of ${stage}`;
  }
}

/** The config's freezes do not hold for what a person promoted past them. */
function inForce({ record, strategy, place }: RolloutScene): readonly Freeze[] {
  const overridden = promotionOf(record, strategy, place)?.windows === true;
  return strategy.freezes.filter(({ person }) => !overridden || person !== undefined);
}

function isAhead({ record, strategy, place }: RolloutScene): boolean {
  return place.index > strategy.stages.findIndex(({ name }) => name === record.stage);
}

function lower(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** How far the open stage has come, and who has to approve it where that is what is waited for. */
function sayBefore(scene: RolloutScene, { stages }: Strategy): string {
  const { record } = scene;
  const stage = stages.find(({ name }) => name === record.stage);
  const awaited = record.status === 'awaiting-approval' && record.cause === 'approval';
  const approvals = awaited && stage !== undefined ? sayApprovals(stage, record) : [];
  return approvals[0] ?? sayProgress(scene);
}

/** Who did it last and why, as far as the record still has it. */
function sayWho({ history, cause }: RolloutRecord, did: string): string {
  const last = history.findLast((entry) => entry.did === did);
  if (cause !== 'person') return CAUSES[cause ?? ''] ?? '';
  return last === undefined ? ' by a person' : ` by ${last.by} (${last.reason})`;
}

const CAUSES: Readonly<Record<string, string>> = {
  'record-lost': ', for its record was lost',
  'digests-differ': ', for several digests are live',
  'clusters-unseen': ', for clusters were never looked at',
  'stage-gone': ', for its stage is not in the config any more',
};
