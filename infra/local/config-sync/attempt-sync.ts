import { isDeepStrictEqual } from 'node:util';
import {
  type Applied,
  applyDeclared,
  type Inventory,
  isSettled,
  pruneUndeclared,
} from './apply-declared.ts';
import type { DeclaredSync } from './declared-syncs.ts';
import { type KubeClient, orAbsent } from './kube-client.ts';
import type { Lifetime } from './lifetime.ts';
import { imageToSync, IMAGE_TO_SYNC } from './image-to-sync.ts';
import { RECONCILE_POLL, RECONCILE_TIMEOUT } from './limits.ts';
import { type Pace, scaleAttempt } from './pace.ts';
import { renderStage } from './render-stage.ts';
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
  readonly kube: Pick<KubeClient, 'get' | 'annotate' | 'putStatus' | 'apply' | 'remove'>;
  readonly pace: Pace;
  readonly lifetime: Lifetime;
  /** The cluster's name, which what is applied carries. */
  readonly cluster: string;
  readonly webhook: boolean;
  readonly inventory: Inventory;
}

/** Why it is tried: the polling period, the hour, or a failure before. */
export type Trigger = 'sync' | 'full' | 'retry';

/** `unchanged`: this commit was read before, and a polling attempt leaves it at that. */
export type AttemptResult = 'waiting' | 'unchanged' | 'synced' | 'failed' | 'failed-anew';

/** A reconciler's work. */
export interface Attempts {
  readonly attempt: (trigger: Trigger) => Promise<AttemptResult>;
  /** Sums up the stages anew where one was written after the last sync; nothing before there was one. */
  readonly refresh: () => Promise<void>;
}

type Stage = 'source' | 'rendering' | 'sync';

/**
 * A file of this name, anywhere under `dir`, makes the sync stage fail with KNV2010: nothing but RSyncs is applied in
 * the local world, so that what cannot be applied has to say so itself. It works from any tool that can push a file.
 */
const FAULT_FILE = 'fail.yaml';

/** Sync attempts of one reconciler, in the order of Config Sync's own steps (facts/config-sync.md section 2). */
export function createAttempts(world: World): Attempts {
  const { rsync, spec, source, kube, lifetime, pace } = world;
  const written: { [stage in Stage]?: StageResult } = {};
  const render = renderStage(world);
  let read: string | undefined;
  let applied: { commit: string; declared: readonly DeclaredSync[] } | undefined;
  let isSummedUp = true;

  /** Writes a stage's result where this reconciler has not written just that before. */
  async function publish<Result extends StageResult>(
    from: RSync | undefined,
    stage: Stage,
    set: (status: Status, result: Result, now: string) => Status,
    result: Result,
  ): Promise<RSync | undefined> {
    if (isDeepStrictEqual(written[stage], result) && (stage !== 'sync' || isSummedUp)) return from;
    const now = formatTime(lifetime.clock.now());
    const current = from ?? (await kube.get(rsync));
    const updated = await updateStatus(kube, current, (status) => set(status, result, now));
    written[stage] = result;
    isSummedUp = stage === 'sync';
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

  function apply(commit: string, declared: readonly DeclaredSync[]): Promise<Applied> {
    const { cluster, webhook } = world;
    const origin = { parent: rsync, repo: repoOf(spec), commit, cluster, webhook };
    return applyDeclared({ origin, declared }, world);
  }

  /** An apply ends when what it changed is Current, or its time is over. */
  async function settle(changed: Applied['changed']): Promise<void> {
    const end = lifetime.clock.now() + scaleAttempt(pace, RECONCILE_TIMEOUT);
    for (const child of changed) {
      while (!lifetime.ended() && lifetime.clock.now() < end) {
        if (isSettled(await kube.get(child).catch(orAbsent))) break;
        await lifetime.pause(scaleAttempt(pace, RECONCILE_POLL));
      }
    }
  }

  async function attempt(trigger: Trigger): Promise<AttemptResult> {
    // The remediator keeps up what was applied last, from memory, whatever the source is doing.
    if (applied !== undefined) await apply(applied.commit, applied.declared);
    const state = source.state();
    if (state.type === 'waiting') return 'waiting';
    if (state.type === 'failed') {
      // With git and Helm over http it goes after a successful fetch; here, though there is none to fetch from.
      const removed = imageToSync(spec, '') === null ? await announce('') : undefined;
      if (removed !== undefined && 'errorMessage' in removed) return failSource('', removed);
      return failSource('', pullError(source.container, state.why));
    }
    const { content } = state;
    const { commit } = content;
    const dir = normaliseDir(spec.sourceType === 'oci' ? spec.oci?.dir : '');
    if (!hasDir(content, dir)) return failSource('', dirError(dir));
    const announced = await announce(commit);
    if ('errorMessage' in announced) return failSource(commit, announced);

    // A new process knows which commit was read before it, and none of the errors.
    written.source ??= { commit: announced.status.source?.commit ?? '', source: {}, errors: [] };
    const ok = { commit, source: describeSource(spec, commit), errors: [] };
    let current: RSync | undefined = announced;
    // While the commit stays the same, its errors stay too until it is parsed again.
    if (written.source?.commit !== commit) {
      current = await publish(current, 'source', setSource, ok);
    }
    const rendered = await render(content, dir);
    current = await publish(current, 'rendering', setRendering, { ...ok, ...rendered.status });
    if (rendered.files === undefined) return 'failed';
    const changed = read !== commit;
    read = commit;
    if (trigger === 'sync' && !changed) return 'unchanged';
    current = await publish(current, 'source', setSource, ok);
    current = await publish(current, 'sync', setSync, { ...ok, syncing: true });
    const files = new Set(rendered.files);
    const declared = (content.declared ?? []).filter(({ path }) => files.has(path));
    const result = await apply(commit, declared);
    applied = { commit, declared };
    await settle([...result.changed, ...(await pruneUndeclared(declared, world))]);
    const errors = [...faultsIn(rendered.files).map(applyError), ...result.errors];
    await publish(undefined, 'sync', setSync, { ...ok, errors, syncing: false });
    if (errors.length === 0) return 'synced';
    return changed ? 'failed-anew' : 'failed';
  }

  async function refresh(): Promise<void> {
    const { sync } = written;
    if (sync === undefined || isSummedUp) return;
    await publish(undefined, 'sync', setSync, { ...sync, syncing: false });
  }

  return { attempt, refresh };
}

function repoOf({ sourceType, oci, helm, git }: Spec): string {
  if (sourceType === 'oci') return oci?.image ?? '';
  return (sourceType === 'helm' ? helm?.repo : git?.repo) ?? '';
}

// An image that unpacks to nothing is a source without anything in it, whatever `dir` says.
function hasDir({ paths }: Content, dir: string): boolean {
  return dir === '.' || paths.some((path) => path === dir || path.startsWith(`${dir}/`));
}

function faultsIn(files: readonly string[]): string[] {
  return files.filter((path) => path.split('/').at(-1) === FAULT_FILE);
}

// As Kubernetes writes times: whole seconds.
function formatTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
