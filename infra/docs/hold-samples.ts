import type { HoldEvent } from '#shared/status/events.ts';

/** One event of every type about holds, as a fleet would publish it. */
export const HOLD_SAMPLES = {
  'rollout.held': held(
    'rollout.held',
    'ops@acme.example holds it: nothing new reaches it until the hold is lifted',
    { until: '2026-12-01T08:00:00.000Z' },
  ),
  'rollout.unheld': held(
    'rollout.unheld',
    'ops@acme.example lifts its hold: - ops@acme.example INC-7',
  ),
};

function held(
  type: HoldEvent['type'],
  message: string,
  more: Partial<HoldEvent['data']> = {},
): HoldEvent {
  return {
    type,
    uid: '7a1c2c9e-0c52-4d0e-9a51-7d1a4b6f2d10',
    cause: '4f1d7c1e-7a5b-4a39-9a1e-0c1f2b3a4d5e',
    data: {
      cluster: 'projects/fleet-host/locations/us-west1/memberships/prod-1',
      sync: 'RootSync/root-sync',
      image: 'us-docker.pkg.dev/acme/configs/platform:v1',
      actor: 'ops@acme.example',
      reason: 'INC-7',
      ...more,
      since: '2026-11-22T05:00:00.000Z',
      errors: [],
      message,
    },
  };
}
