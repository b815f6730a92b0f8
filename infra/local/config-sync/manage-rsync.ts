import type { Inventory } from './apply-declared.ts';
import {
  claimRSync,
  MANAGER_FINALIZER,
  RECONCILER_FINALIZER,
  withFinalizers,
  startFinalizer,
} from './finalizers.ts';
import { createKubeClient, onNewest, updateStatus } from './kube-client.ts';
import type { Lifetime } from './lifetime.ts';
import { formatTime, type Pace, parseDuration } from './pace.ts';
import { startReconciler } from './reconciler.ts';
import { REQUIRES_RENDERING } from './render.ts';
import {
  CONTROLLER_NAMESPACE,
  MANAGER_USER,
  reconcilerOf,
  type RSync,
  type Spec,
  type Status,
  userOf,
} from './rsync.ts';
import { type Source, startSource } from './source.ts';
import { beginRollout, finishRollout, type Observed, stall } from './status.ts';

/** One RSync under management. */
export interface ManagedRSync {
  readonly uid: string;
  /** The object as it is now: called for every change, status included. */
  observe: (rsync: RSync) => void;
  /** Tries a pull that failed again now. */
  retryPull: () => void;
  /** It is gone, and its reconciler with it. */
  stop: () => Promise<void>;
}

/** The Deployment of a reconciler: out of which spec, and whether it is ready. */
interface Deployment {
  readonly template: string;
  readonly lifetime: Lifetime;
  readonly finalize: (rsync: RSync) => void;
  ready: boolean;
  /** What it pulls, once it is ready. */
  source?: Source;
}

const MANAGER = 'configsync.gke.io/reconciler-manager';

/**
 * reconciler-manager's work on one RSync (docs/config-sync.md): an invalid spec stalls it and
 * leaves an older reconciler running; each new generation costs a rollout, during which nothing is synced. One that is
 * being deleted ends with its finalizers, first the reconciler's, then the manager's; without them its reconciler runs
 * on until the object is gone.
 */
export function manageRSync(
  first: RSync,
  deps: { cluster: string; kubeUrl: string; pace: Pace; lifetime: Lifetime; webhook: boolean },
): ManagedRSync {
  const { cluster, kubeUrl, pace, lifetime, webhook } = deps;
  const manager = { url: kubeUrl, user: MANAGER_USER, fieldManager: MANAGER };
  const kube = createKubeClient({ ...manager, lifetime });
  let latest = first;
  let deployment: Deployment | undefined;
  const inventory: Inventory = new Map();

  async function reconcile(known: RSync): Promise<void> {
    if (known.deleting) return finish(known);
    const problem = validateRSync(known);
    if (problem !== undefined) {
      await change(known, (status, observed, now) => stall(status, observed, problem, now));
      return;
    }
    const rsync = await claimRSync(kube, known);
    if (rsync.spec === undefined) return;
    if (deployment?.template !== templateOf(rsync)) {
      await change(rsync, beginRollout);
      await rollOut(rsync, rsync.spec);
    } else {
      deployment.finalize(rsync);
      if (!deployment.ready) return;
      await change(rsync, finishRollout);
    }
  }

  async function change(
    rsync: RSync,
    next: (status: Status, observed: Observed, now: string) => Status,
  ): Promise<void> {
    const now = formatTime(lifetime.clock.now());
    const observed = { generation: rsync.generation, reconciler: reconcilerOf(rsync) };
    await updateStatus(kube, rsync, (status) => next(status, observed, now));
  }

  async function finish(rsync: RSync): Promise<void> {
    const { finalizers, spec } = rsync;
    if (finalizers.includes(RECONCILER_FINALIZER)) {
      const terminating = rsync.kind === 'RepoSync' && (await kube.isTerminating(rsync.namespace));
      if (terminating) await takeOff(rsync, RECONCILER_FINALIZER);
      // After a restart of this process no reconciler is there that could finalize.
      else if (deployment === undefined && spec !== undefined) await rollOut(rsync, spec);
      else deployment?.finalize(rsync);
    } else if (finalizers.includes(MANAGER_FINALIZER)) {
      await deployment?.lifetime.end();
      deployment = undefined;
      await takeOff(rsync, MANAGER_FINALIZER);
    }
  }

  async function takeOff(rsync: RSync, finalizer: string): Promise<void> {
    const left = rsync.finalizers.filter((entry) => entry !== finalizer);
    await kube.replace(rsync, withFinalizers(rsync, left));
  }

  /** Strategy Recreate: the old reconciler is gone, and all that it had pulled, before the new one begins. */
  async function rollOut(rsync: RSync, spec: Spec): Promise<void> {
    await deployment?.lifetime.end();
    const own = lifetime.child();
    const syncing = own.child();
    const kubeWithin = (within: Lifetime) =>
      createKubeClient({ url: kubeUrl, user: userOf(rsync), lifetime: within });
    const shared = { pace, inventory };
    const finalize = startFinalizer({ ...shared, kube: kubeWithin(own), lifetime: own, syncing });
    const template = templateOf(rsync);
    const made: Deployment = { template, lifetime: own, finalize, ready: false };
    deployment = made;
    own.after(pace.rolloutMs, async () => {
      made.ready = true;
      const source = startSource(spec, { pace, lifetime: syncing });
      made.source = source;
      const options = { kube: kubeWithin(syncing), lifetime: syncing, cluster, webhook };
      startReconciler({ rsync, spec, source, ...shared, ...options });
      finalize(latest);
      observe(latest);
    });
  }

  const take = onNewest(reconcile, { kube, pace, lifetime });
  function observe(rsync: RSync): void {
    latest = rsync;
    take(rsync);
  }

  observe(first);
  const retryPull = (): void => deployment?.source?.retryPull();
  return { uid: first.uid, observe, retryPull, stop: () => lifetime.end() };
}

/** What decides over the pod: another one is another rollout. */
function templateOf({ generation, annotations }: RSync): string {
  return `${generation} ${annotations[REQUIRES_RENDERING] ?? 'false'}`;
}

const ROOT_SYNC_NAME_LIMIT = 38;

/** Name and namespace of a RepoSync together. */
const REPO_SYNC_NAMES_LIMIT = 45;

/** Of OCI, "token" came after Config Sync 1.22. */
const PULL_AUTHS = ['none', 'gcenode', 'gcpserviceaccount', 'k8sserviceaccount', 'token'];
const GIT_AUTHS = [
  'ssh',
  'cookiefile',
  'gcenode',
  'token',
  'none',
  'gcpserviceaccount',
  'githubapp',
];
const NEEDED = {
  git: ['repo'],
  oci: ['image'],
  helm: ['repo', 'chart'],
} as const satisfies Record<Spec['sourceType'], readonly string[]>;
const ACCOUNT = /^[^@]{6,30}@[^@]*\.iam\.gserviceaccount\.com$/;

/**
 * What reconciler-manager finds wrong with an RSync beyond the CRD's schema (docs/facts/config-sync.md#api), worded
 * `KNV1061: …`; undefined when it can be worked with.
 */
export function validateRSync(rsync: RSync): string | undefined {
  const problem = validatePlace(rsync) ?? validateSpec(rsync);
  return problem === undefined ? undefined : `KNV1061: ${problem}`;
}

function validatePlace({ kind, namespace, name }: RSync): string | undefined {
  if (kind === 'RootSync') {
    if (namespace !== CONTROLLER_NAMESPACE) {
      return `RootSyncs are taken from namespace ${CONTROLLER_NAMESPACE} only, and this one is in ${namespace}`;
    }
    if (name.length <= ROOT_SYNC_NAME_LIMIT) return undefined;
    return `the name of a RootSync may have ${ROOT_SYNC_NAME_LIMIT} characters, and this one has ${name.length}`;
  }
  if (namespace === CONTROLLER_NAMESPACE) {
    return `RepoSyncs are not taken from namespace ${CONTROLLER_NAMESPACE}`;
  }
  const length = name.length + namespace.length;
  if (length <= REPO_SYNC_NAMES_LIMIT) return undefined;
  return `name and namespace of a RepoSync may have ${REPO_SYNC_NAMES_LIMIT} characters together, and these have ${length}`;
}

function validateSpec({ spec, problem, kind }: RSync): string | undefined {
  if (spec === undefined) return `spec is not that of a ${kind}: ${problem}`;
  const { sourceType } = spec;
  const source: Readonly<Record<string, unknown>> | undefined = spec[sourceType];
  if (source === undefined) {
    return `spec.${sourceType} is needed where spec.sourceType is "${sourceType}"`;
  }
  const missing = NEEDED[sourceType].find((field) => (source[field] ?? '') === '');
  if (missing !== undefined) return `spec.${sourceType}.${missing} is needed`;
  if (sourceType === 'git') return validateAuth(spec, GIT_AUTHS);
  return (
    validateAuth(spec, PULL_AUTHS) ??
    validateSecret(sourceType, spec[sourceType]) ??
    validateHelm(spec) ??
    validatePeriod(spec)
  );
}

function validateAuth(spec: Spec, allowed: readonly string[]): string | undefined {
  const place = `spec.${spec.sourceType}`;
  const auth = spec[spec.sourceType]?.auth ?? '';
  if (!allowed.includes(auth)) return `${place}.auth must be one of ${allowed.join(', ')}`;
  if (spec.sourceType === 'git' || auth !== 'gcpserviceaccount') return undefined;
  const email = spec[spec.sourceType]?.gcpServiceAccountEmail ?? '';
  const field = `${place}.gcpServiceAccountEmail`;
  if (email === '') return `${field} is needed where ${place}.auth is "gcpserviceaccount"`;
  return ACCOUNT.test(email) ? undefined : `${field} must be NAME@PROJECT.iam.gserviceaccount.com`;
}

function validateSecret(type: 'oci' | 'helm', source: Spec['oci' | 'helm']): string | undefined {
  const place = `spec.${type}`;
  const hasSecret = (source?.secretRef?.name ?? '') !== '';
  if (source?.auth === 'token' && !hasSecret) {
    return `${place}.secretRef is needed where ${place}.auth is "token"`;
  }
  if (source?.auth === 'token' || !hasSecret) return undefined;
  return `${place}.secretRef is for ${place}.auth "token" only`;
}

function validateHelm({ sourceType, helm }: Spec): string | undefined {
  if (sourceType !== 'helm') return undefined;
  if ((helm?.namespace ?? '') === '' || (helm?.deployNamespace ?? '') === '') return undefined;
  return 'spec.helm.namespace and spec.helm.deployNamespace exclude each other';
}

// The real one cannot even decode such an object; saying so is kinder than the silence that follows there.
function validatePeriod(spec: Spec): string | undefined {
  const source = spec.sourceType === 'git' ? undefined : spec[spec.sourceType];
  const { period } = source ?? {};
  if (period === undefined || parseDuration(period) !== undefined) return undefined;
  return `spec.${spec.sourceType}.period is not a duration such as 15s`;
}
