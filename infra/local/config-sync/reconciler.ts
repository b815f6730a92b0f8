import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  type Applied,
  applyDeclared,
  type Inventory,
  isSettled,
  pruneUndeclared,
} from './apply-declared.ts';
import type { DeclaredSync, Content } from './unpack-layers.ts';
import { KubeError, type KubeClient, orAbsent, updateStatus } from './kube-client.ts';
import type { Lifetime } from './lifetime.ts';
import { ATTEMPT_PERIOD, formatTime, type Pace, RECONCILE_POLL, scaleAttempt } from './pace.ts';
import { renderStage } from './render.ts';
import {
  imageToSync,
  IMAGE_TO_SYNC,
  type RSync,
  type Spec,
  type Status,
  type SyncError,
} from './rsync.ts';
import type { Source } from './source.ts';
import {
  describeSource,
  normaliseDir,
  setRendering,
  setSource,
  setSync,
  type StageResult,
} from './status.ts';
import { annotationError, declaredError, dirError, pullError } from './sync-errors.ts';

/** A reconciler applies everything again so often, changed or not. */
const FULL_SYNC_PERIOD = 3_600_000;

/**
 * A failed attempt is retried after this, twice, and then after a wait that doubles each time, so many times; without
 * Config Sync's 10% of jitter. The first wait is that of the idle timer, which the back-off does not count.
 */
const RETRY_BACKOFF = 1_000;
const RETRY_STEPS = 12;

/** Between two looks at what the remediator and the other stages found. */
const STATUS_PERIOD = 5_000;

/** `spec.override.reconcileTimeout`: how long an apply waits until what it changed is Current, or gone. */
const RECONCILE_TIMEOUT = 300_000;

type Event = Trigger | 'status';

/**
 * Runs one reconciler until its lifetime ends (docs/config-sync.md): a first attempt one polling
 * period after its start, one more each period after the last one ended, retries in between with a doubling back-off,
 * everything anew each hour, and a look at the status in between.
 */
export function startReconciler(deps: ReconcilerDeps): void {
  const { lifetime, pace } = deps;
  const { clock } = lifetime;
  const scale = (milliseconds: number): number => scaleAttempt(pace, milliseconds);
  const { attempt, refresh } = createAttempts(deps);
  const due: Record<Event, number> = {
    sync: clock.now() + scale(ATTEMPT_PERIOD),
    full: clock.now() + scale(FULL_SYNC_PERIOD),
    retry: Number.POSITIVE_INFINITY,
    status: clock.now() + scale(STATUS_PERIOD),
  };
  let retries = 0;

  function plan(): void {
    const events: Event[] = ['full', 'sync', 'retry', 'status'];
    const [next = 'sync'] = events.toSorted((one, other) => due[one] - due[other]);
    const run = next === 'status' ? look : () => tryOut(next);
    lifetime.after(Math.max(due[next] - clock.now(), 0), run);
  }

  async function tryOut(trigger: Trigger): Promise<void> {
    try {
      const result = await attempt(trigger);
      if (result === 'synced' || result === 'failed-anew') resetRetry();
      if (result === 'failed' || result === 'failed-anew') planRetry(trigger);
      // Not pulled yet: the real one waits inside its attempt, looking again and again.
      if (result === 'waiting') due.retry = clock.now() + scale(RETRY_BACKOFF);
    } catch (error) {
      planRetry(trigger);
      throwUnlessGone(error);
    } finally {
      due.sync = clock.now() + scale(ATTEMPT_PERIOD);
      due.status = clock.now() + scale(STATUS_PERIOD);
      if (trigger === 'full') due.full = clock.now() + scale(FULL_SYNC_PERIOD);
      plan();
    }
  }

  async function look(): Promise<void> {
    try {
      await refresh();
    } catch (error) {
      throwUnlessGone(error);
    } finally {
      due.status = clock.now() + scale(STATUS_PERIOD);
      plan();
    }
  }

  function resetRetry(): void {
    retries = 0;
    due.retry = Number.POSITIVE_INFINITY;
  }

  /** The first retry comes with the timer that runs even while there is nothing to retry; then the back-off begins. */
  function planRetry(trigger: Trigger): void {
    const pending = due.retry !== Number.POSITIVE_INFINITY && trigger !== 'retry';
    if (pending) return;
    const step = RETRY_BACKOFF * 2 ** Math.max(retries - 1, 0);
    due.retry = retries <= RETRY_STEPS ? clock.now() + scale(step) : Number.POSITIVE_INFINITY;
    retries += 1;
  }

  plan();
}

/** Gone meanwhile: what follows the RSyncs is about to stop this reconciler. */
function throwUnlessGone(error: unknown): void {
  if (!(error instanceof KubeError && error.code === 404)) throw error;
}

/** What one reconciler works with; it never looks at a newer spec than the one it was started with. */
interface ReconcilerDeps {
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
type Trigger = 'sync' | 'full' | 'retry';

/** `unchanged`: this commit was read before, and a polling attempt leaves it at that. */
type AttemptResult = 'waiting' | 'unchanged' | 'synced' | 'failed' | 'failed-anew';

type Stage = 'source' | 'rendering' | 'sync';

/**
 * A file of this name, anywhere under `dir`, makes the sync stage fail with KNV2010: nothing but RSyncs is applied in
 * the local world, so that what cannot be applied has to say so itself. It works from any tool that can push a file.
 */
const FAULT_FILE = 'fail.yaml';

/** Sync attempts of one reconciler, in the order of Config Sync's own steps (docs/facts/config-sync.md#image-to-sync). */
function createAttempts(deps: ReconcilerDeps) {
  const { rsync, spec, source, kube, lifetime, pace } = deps;
  const written: { [stage in Stage]?: StageResult } = {};
  const render = renderStage(deps);
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
    const { cluster, webhook } = deps;
    return applyDeclared(
      declared,
      { parent: rsync, repo: repoOf(spec), commit, cluster, webhook },
      deps,
    );
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
    await settle([...result.changed, ...(await pruneUndeclared(declared, deps))]);
    const errors = [...faultsIn(rendered.files), ...result.errors];
    await publish(undefined, 'sync', setSync, { ...ok, errors, syncing: false });
    if (errors.length === 0) return 'synced';
    return changed ? 'failed-anew' : 'failed';
  }

  /** Sums up the stages anew where one was written after the last sync; nothing before there was one. */
  async function refresh(): Promise<void> {
    const { sync } = written;
    if (sync === undefined || isSummedUp) return;
    await publish(undefined, 'sync', setSync, { ...sync, syncing: false });
  }

  return { attempt, refresh };
}

function repoOf({ sourceType, oci, helm, git }: Spec): string {
  return { oci: oci?.image, helm: helm?.repo, git: git?.repo }[sourceType] ?? '';
}

// An image that unpacks to nothing is a source without anything in it, whatever `dir` says.
function hasDir({ paths }: Content, dir: string): boolean {
  return dir === '.' || paths.some((path) => path === dir || path.startsWith(`${dir}/`));
}

function faultsIn(files: readonly string[]): SyncError[] {
  return files
    .filter((path) => posix.basename(path) === FAULT_FILE)
    .map((path) => declaredError('2010', path, 'it asks to fail'));
}
