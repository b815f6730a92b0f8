import type { Notice } from '#shared/core/rollout/record.ts';
import type { RolloutEvent } from '#shared/status/events.ts';
import { sentenceOf } from '#shared/rollouts/sentence-of.ts';

type Data = RolloutEvent['data'];

const DIGEST = 'sha256:05e6a6b77de7a62286387cfea833d45290105fe84383224938d7b3ab151a55a1';
const OLDER = 'sha256:9b1f0e2c6a3d4e5f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7';
const PERSON = { by: 'ops@acme.example', reason: 'INC-7' };
const FAILED = 'projects/fleet-host/locations/us-west1/memberships/prod-1';

/** What a fleet of 40 publishes of a roll-out in stages, an event of each type but `rollout.completed`. */
export const ROLLOUT_SAMPLES = {
  'rollout.started': step('started', 'rolling', { stage: 'canary', by: 'push' }),
  'rollout.superseded': step('superseded', undefined, {
    digest: OLDER,
    id: 'platform-v1-8-51d2c0aa',
  }),
  'rollout.stage.opened': step('stage.opened', 'rolling'),
  'rollout.stage.passed': step('stage.passed', 'rolling', { stage: 'canary' }),
  'rollout.stage.skipped': step('stage.skipped', 'rolling', { stage: 'canary' }),
  'rollout.waiting': step('waiting', 'awaiting-approval', { cause: 'approval' }),
  'rollout.approved': step('approved', 'awaiting-approval', PERSON),
  'rollout.paused': step('paused', 'paused', PERSON),
  'rollout.resumed': step('resumed', 'rolling', PERSON),
  'rollout.promoted': step('promoted', 'rolling', {
    by: 'oncall@acme.example',
    reason: 'CVE-2026-1',
  }),
  'rollout.halted': step('halted', 'halted', { cause: 'failures', clusters: [FAILED] }),
  'rollout.recovered': step('recovered', 'rolling', PERSON),
  'rollout.aborted': step('aborted', 'aborted', PERSON),
  'rollout.rolling-back': step('rolling-back', 'rolling-back', { digest: OLDER, ...PERSON }),
  'rollout.rolled-back': step('rolled-back', 'rolled-back', { digest: OLDER }),
  'rollout.interrupted': step('interrupted', 'paused', { cause: 'record-lost' }),
  'rollout.retired': step('retired', 'retired'),
} as const satisfies Partial<Record<RolloutEvent['type'], RolloutEvent>>;

function step(
  type: Notice['type'],
  status: Data['status'] | undefined,
  changes: Partial<Notice> = {},
): RolloutEvent {
  const roll = { id: 'platform-v1-12-1a2b3c4d', digest: DIGEST, version: 17, stage: 'early' };
  const notice: Notice = { type, ...roll, ...changes };
  const { digest, id, stage, version, cause, by, reason, clusters = [] } = notice;
  const failed = clusters.length;
  return {
    type: `rollout.${type}`,
    replaced: undefined,
    data: {
      image: 'us-docker.pkg.dev/acme/configs/platform:v1',
      digest,
      syncs: 40,
      clusters: 40,
      live: 12,
      failed,
      unreachable: 0,
      underWay: 3 - failed,
      waiting: 24,
      held: 1,
      lagging: clusters.map((cluster) => ({
        cluster,
        sync: 'RootSync/root-sync',
        phase: 'Failed',
        since: '2026-11-22T04:58:30.000Z',
        message: 'Config Sync reports errors',
      })),
      id,
      stage,
      ...(status === undefined ? {} : { status }),
      version,
      ...(cause === undefined ? {} : { cause }),
      ...(by === undefined ? {} : { actor: by }),
      ...(reason === undefined ? {} : { reason }),
      since: '2026-11-22T05:00:00.000Z',
      errors: [],
      message: `${sentenceOf(notice)}; live on 12 of 40 RSyncs`,
    },
  };
}
