import { createCircuits } from '#shared/fleet/circuits.ts';
import { createClusterApi } from '#shared/fleet/client.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import { createDirectSend } from '#shared/fleet/send-directly.ts';
import { type Authorization, createAgents } from '#shared/fleet/transport.ts';
import type { ClientLimits } from '#shared/fleet/limits.ts';
import { type Pace, createPace } from '#shared/fleet/pace.ts';
import { ANSWERED_MS } from '#test/patience.ts';

/** Patient: a test of silence holds the deadline (`holdTimers`), every other is answered. */
export const LIMITS: ClientLimits = {
  callMs: ANSWERED_MS,
  credentialsMs: ANSWERED_MS,
  retries: 2,
  backoffMs: 1,
  retryAfterMs: 50,
  answerBytes: 10_000,
};

export function createOpenPace(): Pace {
  return createPace({
    perMinute: 6_000_000,
    burst: 1_000,
    now: () => 0,
    sleep: async () => {},
  });
}

export interface ConnectOptions {
  readonly limits?: Partial<ClientLimits>;
  readonly pace?: Pace;
  readonly authorize?: () => Promise<Authorization>;
}

/** The client, as `cluster` would make it for a cluster at `server`. */
export function connectTo(server: string, options: ConnectOptions = {}): Promise<ClusterApi> {
  const { limits = {}, pace = createOpenPace() } = options;
  const authorize = options.authorize ?? (async () => ({ headers: { Authorization: 'Bearer t' } }));
  const circuits = createCircuits();
  const deps = {
    agents: createAgents(),
    direct: createDirectSend(),
    limits: { ...LIMITS, ...limits },
    pace,
    circuits,
  };
  return createClusterApi('cluster-1', { server, authorize }, deps);
}
