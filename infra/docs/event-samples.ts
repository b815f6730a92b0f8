import type {
  BrakeEvent,
  ClusterEvent,
  ImageEvent,
  RolloutEvent,
  StatusEvent,
  StatusType,
  SyncEvent,
} from '#shared/status/events.ts';
import { VERDICTS } from '#shared/status/schema.ts';
import { HOLD_SAMPLES } from './hold-samples.ts';
import { ROLLOUT_SAMPLES } from './rollout-samples.ts';

const DIGEST = 'sha256:05e6a6b77de7a62286387cfea833d45290105fe84383224938d7b3ab151a55a1';
const OLDER = 'sha256:9b1f0e2c6a3d4e5f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7';
const IMAGE = 'us-docker.pkg.dev/acme/configs/platform:v1';
const CLUSTER = 'projects/fleet-host/locations/us-west1/memberships/prod-1';
const POLICY = 'sha256:3f6f1c0a9f0c5d7be2c4b1a09d8e7f6a5b4c3d2e1f00112233445566778899aa';
const SINCE = '2026-11-22T05:00:00.000Z';
const EARLIER = '2026-11-22T04:58:30.000Z';

const FREEZE = {
  id: 'f-1a2b3c4d',
  image: IMAGE,
  selector: 'env = prod',
  frozenBy: 'ops@acme.example',
};
const FROZEN = `${IMAGE} in clusters with env = prod`;

const DENIED =
  'GET us-docker.pkg.dev/v2/acme/configs/platform/manifests/v1 was denied with status 403: grant Countersign\'s identity read access (Artifact Registry: grant roles/artifactregistry.reader on the repository), or fix the "auth" of its entry in "registries"';

/** Who signed it, and of which sources it is. */
const RELEASE = {
  signer: 'oPbDpcHNAQOrSHQ3Yy5iBq2JcQ1mM0k8eOd3rXv5zWY=',
  revision: '6d1c0f3b1f0e4a1d9c7b5a3928171605f4e3d2c1',
  source: 'https://github.com/acme/configs',
};

/** One event of every type, as a fleet would publish it. */
export const SAMPLES: Readonly<Record<StatusType, StatusEvent>> = {
  'image.verified': image('image.verified', 'Verified by release-key', {
    authorities: ['release-key'],
    ...RELEASE,
  }),
  'image.unsigned': image(
    'image.unsigned',
    'No signature in any known place: sign the digest, and its event resumes this push',
  ),
  'image.incomplete': image(
    'image.incomplete',
    'Signed in part: a signature of authority "qa" is missing, and its event resumes this push',
    { reasons: ['wrong-key'] },
  ),
  'image.untrusted': image('image.untrusted', 'No trusted signature: wrong-key', {
    reasons: ['wrong-key'],
  }),
  'image.unusable': image('image.unusable', `${IMAGE} has no child for linux/amd64`, {
    reasons: ['no-linux-amd64-child'],
  }),
  'image.unchecked': {
    type: 'image.unchecked',
    cause: '1234567890',
    data: {
      image: IMAGE,
      since: SINCE,
      errors: [{ code: 'registry-denied', message: DENIED }],
      message: DENIED,
    },
  },
  'sync.approved': sync('sync.approved', 'Approved', 'Approved', 'Pending'),
  'sync.synced': sync('sync.synced', 'Synced', 'Live', 'Approved'),
  'sync.failed': sync('sync.failed', 'Failed', 'Config Sync reports errors', 'Approved', [
    { code: '2010', message: 'KNV2010: unable to apply resource' },
  ]),
  'sync.blocked': sync('sync.blocked', 'Blocked', 'Approved, yet still refused', 'Approved', [
    { code: '2002', message: 'KNV2002: failed to patch RootSync annotation' },
  ]),
  'sync.stalled': sync(
    'sync.stalled',
    'Stalled',
    'Config Sync has stopped working on it (Validation): KNV1061',
    'Synced',
  ),
  'sync.unguarded': sync(
    'sync.unguarded',
    'Unguarded',
    `${OLDER} is live and not approved: the gate is missing, or older than this content`,
    'Synced',
  ),
  'sync.refused': sync(
    'sync.refused',
    'Refused',
    'No entry of images names us-docker.pkg.dev/acme/other; the gate refuses it (unmatched: deny): add an entry, or correct the spec',
    'Synced',
  ),
  'sync.withdrawn': sync(
    'sync.withdrawn',
    'Rejected',
    'Approval withdrawn: it no longer verifies under the policy',
    'Synced',
  ),
  'sync.recovered': sync('sync.recovered', 'Synced', 'Live', 'Failed'),
  'cluster.unreachable': cluster(
    'cluster.unreachable',
    'Unreachable',
    'Cluster "prod-1" answered 504: the agent does not answer',
  ),
  'cluster.recovered': cluster('cluster.recovered', 'Reachable', 'Reachable again'),
  'resync.requested': {
    type: 'resync.requested',
    data: {
      id: '6f9619ff-8b86-d011-b42d-00c04fc964ff',
      actor: 'ops@acme.example',
      image: IMAGE,
      reason: 'after the outage',
      clusters: 40,
      ...noted('ops@acme.example asked for a resync of 40 clusters'),
    },
  },
  'freeze.started': {
    type: 'freeze.started',
    data: {
      ...FREEZE,
      actor: 'ops@acme.example',
      reason: 'INC-7',
      ...noted(`${FROZEN}: nothing new is approved`),
    },
  },
  'freeze.ended': {
    type: 'freeze.ended',
    data: {
      ...FREEZE,
      actor: 'lead@acme.example',
      reason: 'INC-7 is over',
      ...noted(`${FROZEN}: no longer frozen by ops@acme.example`),
    },
  },
  'rollout.progressing': rollout('rollout.progressing', 0, 12),
  'rollout.completed': rollout('rollout.completed', 0, 0),
  'rollout.degraded': rollout('rollout.degraded', 1, 0),
  ...ROLLOUT_SAMPLES,
  ...HOLD_SAMPLES,
  'sweep.completed': {
    type: 'sweep.completed',
    data: {
      id: '0f8fad5b-d9cb-469f-a165-70867728950e',
      clusters: 1000,
      tasked: 67,
      unsettled: 3,
      unreachable: 1,
      periodSeconds: 900,
      configuredPeriodSeconds: 900,
      breakGlass: [],
      ...noted('Tasked 67 of 1000 clusters'),
    },
  },
  'sweep.braked': brake(
    'sweep.braked',
    '400 of 1000 approvals do not verify under the changed policy release, more than sweep.withdrawBrake (5%): none of these is withdrawn; restore the config, sign again, or raise the brake',
  ),
  'withdrawal.unchecked': {
    type: 'withdrawal.unchecked',
    replaced: undefined,
    cause: SINCE,
    data: {
      policies: ['release'],
      unchecked: 12,
      syncs: 1000,
      repositories: ['us-docker.pkg.dev/acme/configs/retired'],
      since: SINCE,
      errors: [{ code: 'registry-denied', message: DENIED }],
      message:
        '12 approvals cannot be checked under the changed policy, and stay: us-docker.pkg.dev/acme/configs/retired',
    },
  },
  'withdrawal.recovered': {
    type: 'withdrawal.recovered',
    replaced: { since: EARLIER },
    data: {
      policies: [],
      unchecked: 0,
      syncs: 1000,
      repositories: [],
      ...noted('All approvals could be checked under the current policies'),
    },
  },
  'sweep.recovered': brake(
    'sweep.recovered',
    'The brake is released: 0 of 1000 approvals are to be withdrawn',
  ),
};

function noted(message: string): { since: string; errors: never[]; message: string } {
  return { since: SINCE, errors: [], message };
}

function image(
  type: Exclude<ImageEvent['type'], 'image.unchecked'>,
  message: string,
  more: Partial<ImageEvent['data']> = {},
): ImageEvent {
  const verdict = VERDICTS.find((one) => type === `image.${one}`);
  const digest = verdict === 'unusable' ? {} : { digest: DIGEST };
  const judged = { policy: POLICY, verdict, reasons: [], ...more };
  return {
    type,
    cause: '1234567890',
    data: { image: IMAGE, ...digest, ...judged, ...noted(message) },
  };
}

function sync(
  type: SyncEvent['type'],
  phase: SyncEvent['data']['phase'],
  message: string,
  before: SyncEvent['data']['phase'],
  errors: SyncEvent['data']['errors'] = [],
): SyncEvent {
  const trusted = phase !== 'Rejected';
  return {
    type,
    uid: '7a1c2c9e-0c52-4d0e-9a51-7d1a4b6f2d10',
    replaced: { phase: before, digest: OLDER, since: EARLIER },
    data: {
      image: IMAGE,
      digest: phase === 'Unguarded' ? OLDER : DIGEST,
      cluster: CLUSTER,
      sync: 'RootSync/root-sync',
      phase,
      previous: { phase: before, since: EARLIER },
      verdict: trusted ? 'verified' : 'untrusted',
      ...(trusted ? { authorities: ['release-key'] } : {}),
      ...(type === 'sync.approved' ? { ...RELEASE, reason: 'push' } : {}),
      reasons: trusted ? [] : ['wrong-key'],
      since: SINCE,
      errors,
      message,
    },
  };
}

function cluster(
  type: ClusterEvent['type'],
  phase: ClusterEvent['data']['phase'],
  message: string,
): ClusterEvent {
  const before = phase === 'Reachable' ? 'Unreachable' : 'Reachable';
  const previous = { phase: before, since: EARLIER } as const;
  return {
    type,
    replaced: previous,
    data: { cluster: CLUSTER, phase, previous, ...noted(message) },
  };
}

function rollout(type: RolloutEvent['type'], failed: number, underWay: number): RolloutEvent {
  const live = 40 - failed - underWay;
  const counts = { syncs: 40, clusters: 40, live, failed, unreachable: 0, underWay };
  const lag = {
    cluster: CLUSTER,
    sync: 'RootSync/root-sync',
    phase: failed > 0 ? 'Failed' : 'Approved',
    since: EARLIER,
    message: failed > 0 ? 'Config Sync reports errors' : 'Approved, not yet live',
  } as const;
  const previous = { digest: OLDER, status: 'completed', since: EARLIER } as const;
  const rest =
    failed + underWay === 0 ? '' : `; ${failed} failed, 0 unreachable, ${underWay} under way`;
  return {
    type,
    replaced: previous,
    data: {
      image: IMAGE,
      digest: DIGEST,
      ...counts,
      lagging: failed + underWay === 0 ? [] : [lag],
      previous,
      ...noted(`Live on ${live} of 40 RSyncs${rest}`),
    },
  };
}

function brake(type: BrakeEvent['type'], message: string): BrakeEvent {
  const braked = type === 'sweep.braked';
  return {
    type,
    replaced: undefined,
    data: {
      policies: braked ? ['release'] : [],
      hashes: braked ? [POLICY] : [],
      withdrawals: braked ? 400 : 0,
      syncs: 1000,
      brake: 0.05,
      images: braked ? [`${IMAGE}@${DIGEST}`] : [],
      ...noted(message),
    },
  };
}
