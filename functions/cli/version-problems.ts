import type { RSync } from '#shared/core/rsync.ts';
import type { ClusterDescription } from '#shared/fleet/cluster-api.ts';
import type { Problem } from './preflight-report.ts';

/** ValidatingAdmissionPolicy is stable since then (docs/support.md). */
const KUBERNETES = '1.30';
/** Blocking on the annotation starts there (docs/facts/gate.md#versions). */
const CONFIG_SYNC = '1.21';

/** What is too old for the gate to hold, and what cannot be told. */
export function versionProblems(
  { kubernetes, configSync }: ClusterDescription,
  rsyncs: readonly RSync[],
): { readonly problems: readonly Problem[]; readonly notes: readonly string[] } {
  const problems: Problem[] = [];
  const notes: string[] = [];
  if (kubernetes === undefined) notes.push('the API server does not tell its version');
  else if (isOlder(kubernetes, KUBERNETES)) {
    const message = `Kubernetes ${kubernetes} has no stable ValidatingAdmissionPolicy: ${KUBERNETES} or newer is needed`;
    problems.push({ code: 'kubernetes-too-old', message });
  }
  if (configSync !== undefined) {
    if (isOlder(configSync, CONFIG_SYNC)) {
      const message = `Config Sync ${configSync} does not stop at a refused announcement: ${CONFIG_SYNC} or newer is needed`;
      problems.push({ code: 'config-sync-too-old', message });
    }
  } else if (rsyncs.some(neverAnnounces)) {
    const message = `Config Sync syncs images here and writes no image-to-sync: it is older than 1.20, and ${CONFIG_SYNC} is needed`;
    problems.push({ code: 'config-sync-too-old', message });
  } else {
    notes.push(
      'the version of Config Sync is not known: let us get Deployment reconciler-manager in config-management-system',
    );
  }
  return { problems, notes };
}

/** Synced, and yet nothing was announced: Config Sync before 1.20 does that (docs/facts/gate.md#versions). */
function neverAnnounces({ source, status, annotations }: RSync): boolean {
  const synced = (status.lastSyncedCommit ?? '') !== '' && status.sync.image !== undefined;
  return source.type === 'oci' && synced && annotations.imageToSync === undefined;
}

function isOlder(version: string, needed: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = needed.split('.').map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}
