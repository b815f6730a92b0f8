import type { Journal } from '../journal.ts';
import type { Random } from '../random.ts';
import type { Clock } from './clock.ts';
import {
  type ConditionStatus,
  type SimCluster,
  type StageStatus,
  type SyncObject,
  type SyncObjectStatus,
  keyOf,
} from './cluster.ts';
import { type SimRegistry, name } from './registry.ts';

/**
 * What Config Sync does with one RSync (docs/facts/config-sync.md): it polls, writes what it is about to sync, is refused
 * by the gate, applies, and reports. It knows nothing of Countersign.
 */
export interface ConfigSyncDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly registry: SimRegistry;
  /** Whether things may go wrong. */
  readonly faulty: () => boolean;
}

const POLL_MS = 15_000;
const APPLY_MS = 12_000;
const APPROVED = 'countersign.dev/approved';
const BREAK_GLASS = 'countersign.dev/break-glass';
const IMAGE_TO_SYNC = 'configsync.gke.io/image-to-sync';
/** Chances per poll, while things may go wrong. */
const PULL_FAILS = 0.002;
const APPLY_FAILS = 0.02;
const STALLS = 0.0006;
const STALL_MS = 4 * 60_000;

/** Follows one RSync until it is gone. */
export function runConfigSync(
  cluster: SimCluster,
  created: SyncObject,
  deps: ConfigSyncDeps,
): void {
  const { clock, random, journal, registry, faulty } = deps;
  const key = keyOf({ kind: created.kind, ...created.metadata });
  const { uid } = created.metadata;
  const subject = `${cluster.plan.name} ${key}`;
  let applying = false;
  let stalledUntil = 0;

  function mine(): SyncObject | undefined {
    const object = cluster.get(key);
    return object?.metadata.uid === uid ? object : undefined;
  }

  function report(object: SyncObject, status: SyncObjectStatus, what: string): void {
    if (JSON.stringify(object.status) === JSON.stringify(status)) return;
    cluster.replace(object, { ...object, status });
    journal.step(subject, `Config Sync: ${what}`);
  }

  function stage(
    object: SyncObject,
    commit: string,
    error?: readonly [string, string],
  ): StageStatus {
    return {
      commit,
      ociStatus: { image: object.spec.oci.image },
      // Kubernetes writes whole seconds.
      lastUpdate: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      ...(error === undefined ? {} : { errors: [{ code: error[0], errorMessage: error[1] }] }),
      errorSummary: error === undefined ? {} : { totalCount: 1 },
    };
  }

  function refuse(object: SyncObject, commit: string, error: readonly [string, string]): void {
    const { source } = object.status;
    const known = source?.commit === commit && source.errors?.[0]?.errorMessage === error[1];
    if (known) return;
    const conditions = withCondition(object, {
      type: 'Syncing',
      status: 'False',
      reason: 'Source',
      message: 'Source',
      errorSummary: { totalCount: 1 },
    });
    const status = { ...object.status, source: stage(object, commit, error), conditions };
    report(object, status, `source error ${error[0]} about ${name(commit)}`);
  }

  function poll(): void {
    const found = mine();
    if (found === undefined) return;
    clock.after(POLL_MS + random.waiting(500), poll);
    if (clock.now() < cluster.pausedUntil) return;
    const object = observeGeneration(found);
    if (faulty() && random.chance(STALLS)) stalledUntil = clock.now() + random.waiting(STALL_MS);
    const wrong = clock.now() < stalledUntil || cluster.wrongSpecs.has(key);
    if (stall(object, wrong) || applying) return;
    if (faulty() && random.chance(PULL_FAILS)) {
      refuse(object, '', ['2004', 'KNV2004: error in the oci-sync container']);
      return;
    }
    attempt(mine() ?? object);
  }

  /** The reconciler-manager's part: it has seen the spec. */
  function observeGeneration(object: SyncObject): SyncObject {
    const { generation } = object.metadata;
    if (object.status.observedGeneration === generation) return object;
    report(
      object,
      { ...object.status, observedGeneration: generation },
      `sees generation ${generation}`,
    );
    return mine() ?? object;
  }

  function stall(object: SyncObject, stalled: boolean): boolean {
    const was = object.status.conditions?.some(
      ({ type, status }) => type === 'Stalled' && status === 'True',
    );
    if (stalled !== (was ?? false)) {
      const status = stalled ? 'True' : 'False';
      const reason = stalled ? 'Validation' : '';
      const conditions = withCondition(object, { type: 'Stalled', status, reason, message: '' });
      report(object, { ...object.status, conditions }, stalled ? 'stalls' : 'stalls no more');
    }
    return stalled;
  }

  function attempt(object: SyncObject): void {
    const { image } = object.spec.oci;
    const digest = pulled(image, registry);
    if (digest === undefined) {
      refuse(object, '', ['2004', 'KNV2004: failed to pull image']);
      return;
    }
    const commit = digest.slice('sha256:'.length);
    const { annotations } = object.metadata;
    const approved = (annotations[APPROVED] ?? '').split(' ');
    const [glass] = (annotations[BREAK_GLASS] ?? '').split(' ');
    const passes = approved.includes(digest);
    if (cluster.plan.gated && !passes && glass !== digest) {
      refuse(object, commit, ['2002', `KNV2002: ${digest} is not approved`]);
      return;
    }
    if (cluster.refuses && object.status.lastSyncedCommit !== commit) {
      refuse(object, commit, ['2002', 'KNV2002: another webhook refuses it']);
      return;
    }
    const value = `${image}@${digest}`;
    const announced: SyncObject =
      annotations[IMAGE_TO_SYNC] === value
        ? object
        : cluster.replace(object, {
            ...object,
            metadata: {
              ...object.metadata,
              annotations: { ...annotations, [IMAGE_TO_SYNC]: value },
            },
          });
    if (isSettled(announced, commit)) return;
    const syncing = {
      type: 'Syncing',
      status: 'True',
      reason: 'Sync',
      message: 'Syncing',
      commit,
    } as const;
    const source = stage(announced, commit);
    const conditions = withCondition(announced, { ...syncing, errorSummary: {} });
    report(
      announced,
      { ...announced.status, source, rendering: source, conditions },
      `applies ${name(commit)}`,
    );
    applying = true;
    const fails = registry.isBad(digest) || (faulty() && random.chance(APPLY_FAILS));
    clock.after(1_000 + random.waiting(APPLY_MS), () => finish(image, commit, fails));
  }

  function finish(image: string, commit: string, fails: boolean): void {
    applying = false;
    const object = mine();
    if (object === undefined || object.spec.oci.image !== image) return;
    const sync = stage(object, commit, fails ? ['2009', 'KNV2009: failed to apply'] : undefined);
    const conditions = withCondition(object, {
      type: 'Syncing',
      status: 'False',
      reason: 'Sync',
      message: fails ? 'Sync' : 'Sync Completed',
      commit,
      errorSummary: fails ? { totalCount: 1 } : {},
    });
    const status = { ...object.status, sync, conditions };
    if (fails) report(object, status, `fails to apply ${name(commit)}`);
    else report(object, { ...status, lastSyncedCommit: commit }, `${name(commit)} is live`);
  }

  /** Nothing is left to do, or what was applied is known to fail: content does not change under its digest. */
  function isSettled({ spec, status }: SyncObject, commit: string): boolean {
    const { source, sync } = status;
    const syncing = status.conditions?.find(({ type }) => type === 'Syncing');
    const done =
      syncing?.status === 'False' && syncing.reason === 'Sync' && syncing.commit === commit;
    const here = sync?.commit === commit && sync.ociStatus.image === spec.oci.image;
    if (!done || !here || source?.commit !== commit) return false;
    return sync.errors === undefined || registry.isBad(`sha256:${commit}`);
  }

  clock.after(random.waiting(POLL_MS), poll);
}

/** What a pull of `image` gives at this moment. */
function pulled(image: string, registry: SimRegistry): string | undefined {
  const at = image.indexOf('@');
  return at < 0 ? registry.current(image)?.child : image.slice(at + 1);
}

function withCondition(
  { status }: SyncObject,
  condition: ConditionStatus,
): readonly ConditionStatus[] {
  const others = (status.conditions ?? []).filter(({ type }) => type !== condition.type);
  return [...others, condition].toSorted((one, other) => (one.type < other.type ? -1 : 1));
}
