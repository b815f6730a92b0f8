import { setTimeout as sleep } from 'node:timers/promises';
import { CountersignError } from '#shared/core/errors.ts';
import { createAgents } from '#shared/fleet/connection.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import { createKubeconfigFleet } from '#shared/fleet/kubeconfig-fleet.ts';
import { DEFAULT_CLIENT_LIMITS } from '#shared/fleet/limits.ts';
import { createPace } from '#shared/fleet/pace.ts';
import type { Base } from './base.ts';

/** Calls a minute that a kubeconfig fleet may cost: no gateway counts them, and one machine makes no more. */
const KUBECONFIG_CALLS_PER_MINUTE = 60_000;
const KUBECONFIG_BURST = 1_000;

/** The fleet of the config. */
export function openFleet({ config: { fleet } }: Base): Fleet {
  if (fleet.type === 'gkeHub') {
    throw new CountersignError(
      'bad-config',
      'fleet.gkeHub is not supported yet: use fleet.kubeconfig',
    );
  }
  const pace = createPace({
    perMinute: KUBECONFIG_CALLS_PER_MINUTE,
    burst: KUBECONFIG_BURST,
    now: () => performance.now(),
    sleep,
  });
  return createKubeconfigFleet(fleet, {
    agents: createAgents(),
    limits: DEFAULT_CLIENT_LIMITS,
    pace,
  });
}
