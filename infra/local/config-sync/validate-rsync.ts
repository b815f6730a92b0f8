import { parseDuration } from './pace.ts';
import { REPO_SYNC_NAMES_LIMIT, ROOT_SYNC_NAME_LIMIT } from './limits.ts';
import { CONTROLLER_NAMESPACE, type RSync, type Spec } from './rsync.ts';

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
