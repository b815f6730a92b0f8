import { APPROVED, FIELD_MANAGER } from '#shared/core/annotations.ts';
import { isDigest } from '#shared/core/digest.ts';
import { toFailure } from '#shared/core/errors.ts';
import { pinObstacle } from '#shared/core/pin.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import { liveKey } from '#shared/core/sync-status.ts';
import type { ClusterApi, ClusterDescription } from '#shared/fleet/cluster-api.ts';
import type { FollowedRSync } from '#shared/reconcile/follow.ts';
import type { Problem, UnpinnedSync } from './report.ts';

/** ValidatingAdmissionPolicy is stable since then (docs/support.md). */
const KUBERNETES = '1.30';
/** Blocking on the annotation starts there (docs/facts/gate.md#versions). */
const CONFIG_SYNC = '1.21';

/** What is too old for the gate to hold, and what is not known. */
export function versionProblems(
  { kubernetes, configSync }: ClusterDescription,
  rsyncs: readonly RSync[],
): { readonly problems: readonly Problem[]; readonly notes: readonly string[] } {
  const problems: Problem[] = [];
  const notes: string[] = [];
  if (kubernetes === undefined) notes.push('the API server does not report its version');
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
      'the version of Config Sync is not known: grant get on Deployment reconciler-manager in config-management-system',
    );
  }
  return { problems, notes };
}

/** Synced, and yet nothing was announced: Config Sync before 1.20 does that. */
function neverAnnounces({ source, status, annotations }: RSync): boolean {
  const synced = (status.lastSyncedCommit ?? '') !== '' && status.sync.image !== undefined;
  return source.type === 'oci' && synced && annotations.imageToSync === undefined;
}

function isOlder(version: string, needed: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = needed.split('.').map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

/** GKE's name of a Google service account whose token does not carry its e-mail. */
const UNIQUE_ID = /^[0-9]{15,25}$/;

/** Whether the cluster knows Countersign by the name that the gate is rendered for. */
export function identityProblems(user: string | undefined, identity: string): readonly Problem[] {
  if (user === undefined || user === identity) return [];
  if (UNIQUE_ID.test(user)) {
    const message = `the API server knows this identity by the number ${user}, the unique id of a Google service account, and not by its e-mail: the access token lacks the scope userinfo.email, and no RBAC by e-mail applies; ask for the token with that scope, or bind the number`;
    return [{ code: 'identity', message }];
  }
  const message = `the API server knows this identity as ${user}, but the gate admits approvals of ${identity} only: set gate.identity, or run this as that identity`;
  return [{ code: 'identity', message }];
}

/**
 * Whether the write of an approval would go through today, past RBAC and every admission that there is: a gate that is
 * installed already answers here too. Throws what keeps it from being tried.
 */
export async function patchProblems(
  api: ClusterApi,
  rsyncs: readonly RSync[],
): Promise<readonly Problem[]> {
  const rsync = rsyncs.find(({ deleting }) => !deleting);
  if (rsync === undefined) return [];
  // Another value than the one in place: only a change is judged.
  const value = `${rsync.annotations.approved.text ?? ''} preflight`.trim();
  const message = await refusalOf(api, rsync, { metadata: { annotations: { [APPROVED]: value } } });
  return message === undefined ? [] : [{ code: 'patch-refused', message }];
}

/**
 * Whether the cluster would take a pin today: a gate that was rendered while the entry had `effect: gate` lets
 * Countersign change no spec. Tried on one RSync, with the digest that is live there. Throws as `patchProblems` does.
 */
export async function pinProblems(
  api: ClusterApi,
  followed: readonly FollowedRSync[],
): Promise<readonly Problem[]> {
  const entry = followed.find((one) => imageToTry(one) !== undefined);
  if (entry === undefined) return [];
  const refusal = await refusalOf(api, entry.rsync, {
    spec: { oci: { image: imageToTry(entry) } },
  });
  const message = `${refusal}; render and apply the gate of this config`;
  return refusal === undefined ? [] : [{ code: 'pin-refused', message }];
}

/** Why the cluster refuses a patch; undefined: it would take it. Nothing is written: it is a dry run. */
async function refusalOf(
  api: ClusterApi,
  { ref }: RSync,
  body: Parameters<ClusterApi['patch']>[1],
): Promise<string | undefined> {
  try {
    await api.patch(ref, body, { fieldManager: FIELD_MANAGER, dryRun: true });
    return undefined;
  } catch (error) {
    const { code, message } = toFailure(error);
    if (code === 'cluster-refused' || code === 'cluster-forbidden') return message;
    throw error;
  }
}

function imageToTry({ rsync, rule }: FollowedRSync): string | undefined {
  const { source, deleting } = rsync;
  if (deleting || rule.effect !== 'pin' || source.type !== 'oci') return undefined;
  const live = source.reference.digest === undefined ? liveKey(rsync) : undefined;
  if (live === undefined || !isDigest(live)) return undefined;
  return pinObstacle(rsync, rule) === undefined ? `${source.image}@${live}` : undefined;
}

const FLEET_MANAGED =
  "If the fleet's Config Management feature made it, its image is put back: set the image there, or give it an entry with effect: gate";

/**
 * The RSyncs on which a pin cannot hold. `hub`: the fleet is GKE's, whose Config Management feature may have made
 * `root-sync` and then owns its spec, which the object does not show.
 */
export function unpinnedSyncs(
  followed: readonly FollowedRSync[],
  hub: boolean,
): readonly UnpinnedSync[] {
  return followed.flatMap(({ rsync, rule }): readonly UnpinnedSync[] => {
    const sync = formatSyncRef(rsync.ref);
    const obstacle = pinObstacle(rsync, rule);
    if (obstacle !== undefined) return [{ sync, ...obstacle }];
    return hub && rule.effect === 'pin' && sync === 'RootSync/root-sync'
      ? [{ sync, code: 'fleet-managed', message: FLEET_MANAGED }]
      : [];
  });
}
