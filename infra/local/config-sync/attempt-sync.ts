import { isDeepStrictEqual } from 'node:util';
import { applyDeclared } from './apply-declared.ts';
import type { DeclaredSync } from './declared-syncs.ts';
import type { KubeClient } from './kube-client.ts';
import type { Lifetime } from './lifetime.ts';
import { imageToSync, IMAGE_TO_SYNC } from './image-to-sync.ts';
import type { Pace } from './pace.ts';
import type { RSync } from './rsync.ts';
import type { Spec, Status, SyncError } from './schema.ts';
import { describeSource, normaliseDir } from './source-status.ts';
import type { Content } from './source-sync.ts';
import { setRendering, setSource, setSync, type StageResult } from './stage-status.ts';
import type { Source } from './start-source.ts';
import { annotationError, applyError, dirError, pullError } from './sync-errors.ts';
import { updateStatus } from './update-status.ts';

/** What one reconciler works with; it never looks at a newer spec than the one it was started with. */
export interface World {
  readonly rsync: RSync;
  readonly spec: Spec;
  readonly source: Source;
  readonly kube: KubeClient;
  readonly pace: Pace;
  readonly lifetime: Lifetime;
}

/** Why it is tried: the polling period, the hour, or a failure before. */
export type Trigger = 'sync' | 'full' | 'retry';

/** `unchanged`: this commit was read before, and a polling attempt leaves it at that. */
export type AttemptResult = 'waiting' | 'unchanged' | 'synced' | 'failed' | 'failed-anew';

type Stage = 'source' | 'rendering' | 'sync';

/**
 * A file of this name, anywhere under `dir`, makes the sync stage fail with KNV2010: nothing but RSyncs is applied in
 * the local world, so that what cannot be applied has to say so itself. It works from any tool that can push a file.
 */
const FAULT_FILE = 'fail.yaml';

/** Sync attempts of one reconciler, in the order of Config Sync's own steps (facts/config-sync.md section 2). */
export function attemptSync(world: World): (trigger: Trigger) => Promise<AttemptResult> {
  const { rsync, spec, source, kube, lifetime } = world;
  const written: { [stage in Stage]?: StageResult } = {};
  let read: string | undefined;
  let applied: readonly DeclaredSync[] = [];

  /** Writes a stage's result where this reconciler has not written just that before. */
  async function publish<Result extends StageResult>(
    from: RSync | undefined,
    stage: Stage,
    set: (status: Status, result: Result, now: string) => Status,
    result: Result,
  ): Promise<RSync | undefined> {
    if (isDeepStrictEqual(written[stage], result)) return from;
    const now = formatTime(lifetime.clock.now());
    const current = from ?? (await kube.get(rsync));
    const updated = await updateStatus(kube, current, (status) => set(status, result, now));
    written[stage] = result;
    return updated;
  }

  async function failSource(commit: string, error: SyncError): Promise<AttemptResult> {
    const result = { commit, source: describeSource(spec, commit), errors: [error] };
    await publish(undefined, 'source', setSource, result);
    return 'failed';
  }

  async function announce(commit: string): Promise<RSync | SyncError> {
    try {
      return await kube.annotate(rsync, IMAGE_TO_SYNC, imageToSync(spec, commit));
    } catch (error) {
      // Whatever refused it, RBAC or a time-out too, holds back everything that follows.
      if (lifetime.ended()) throw error;
      return annotationError(rsync.kind, error);
    }
  }

  return async (trigger) => {
    // The remediator keeps up what was applied last, from memory, whatever the source is doing.
    await applyDeclared(rsync, applied, kube);
    const state = source.state();
    if (state.type === 'waiting') return 'waiting';
    if (state.type === 'failed') {
      // Git's annotation would go after a successful fetch; here it goes though there is none to fetch from.
      if (spec.sourceType === 'git') await announce('');
      return failSource('', pullError(source.container, state.why));
    }
    const { content } = state;
    const { commit } = content;
    const dir = normaliseDir(spec.sourceType === 'oci' ? spec.oci?.dir : '');
    if (!hasDir(content, dir)) return failSource('', dirError(dir));
    const announced = await announce(commit);
    if ('errorMessage' in announced) return failSource(commit, announced);

    const ok = { commit, source: describeSource(spec, commit), errors: [] };
    let current: RSync | undefined = announced;
    // While the commit stays the same, its errors stay too until it is parsed again.
    if (written.source?.commit !== commit) {
      current = await publish(current, 'source', setSource, ok);
    }
    current = await publish(current, 'rendering', setRendering, ok);
    const changed = read !== commit;
    read = commit;
    if (trigger === 'sync' && !changed) return 'unchanged';
    current = await publish(current, 'source', setSource, ok);
    current = await publish(current, 'sync', setSync, { ...ok, syncing: true });
    applied = (content.declared ?? []).filter(({ path }) => isUnder(path, dir));
    const errors = [
      ...faultsIn(content, dir).map(applyError),
      ...(await applyDeclared(rsync, applied, kube)),
    ];
    await publish(current, 'sync', setSync, { ...ok, errors, syncing: false });
    if (errors.length === 0) return 'synced';
    return changed ? 'failed-anew' : 'failed';
  };
}

function hasDir({ paths }: Content, dir: string): boolean {
  return dir === '.' || paths.some((path) => path === dir || path.startsWith(`${dir}/`));
}

function faultsIn({ paths }: Content, dir: string): string[] {
  return paths.filter((path) => isUnder(path, dir) && path.split('/').at(-1) === FAULT_FILE);
}

function isUnder(path: string, dir: string): boolean {
  return dir === '.' || path.startsWith(`${dir}/`);
}

// As Kubernetes writes times: whole seconds.
function formatTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
