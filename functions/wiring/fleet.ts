import { setTimeout as sleep } from 'node:timers/promises';
import { defined } from '#shared/core/defined.ts';
import type { FleetConfig } from '#shared/config/config.ts';
import { createSelector } from '#shared/core/label-selector.ts';
import { createCircuits } from '#shared/fleet/circuits.ts';
import { createAgents } from '#shared/fleet/transport.ts';
import type { Fleet, OpenApi } from '#shared/fleet/fleet.ts';
import { GOOGLE_APIS, emulatedApis } from '#shared/fleet/google-apis.ts';
import { type ClientDeps, createClusterApi } from '#shared/fleet/client.ts';
import {
  createHubFleet,
  type HubFleetDeps,
  type HubFleetOptions,
} from '#shared/fleet/hub-fleet.ts';
import { createKubeconfigFleet } from '#shared/fleet/kubeconfig-fleet.ts';
import { createSecretFleet } from '#shared/fleet/secret-fleet.ts';
import { connectManagement } from '#shared/fleet/secrets/connect-management.ts';
import { createManagementApi } from '#shared/fleet/secrets/management-api.ts';
import { type ClientLimits, DEFAULT_CLIENT_LIMITS } from '#shared/fleet/limits.ts';
import { createObjectApi, type ObjectApi } from '#shared/fleet/object-api.ts';
import {
  createDirectPace,
  DIRECT_CALLS_PER_MINUTE,
  GATEWAY_CALLS_PER_MINUTE,
  paceFor,
  SHARES,
  type Share,
} from '#shared/fleet/pace.ts';
import { createProxyAgents } from '#shared/fleet/proxy-agents.ts';
import type { Send } from '#shared/fleet/send-request.ts';
import { createPlugins } from '#shared/fleet/kubeconfig/exec-plugin.ts';
import { runProgram } from '#shared/net/run-program.ts';
import { proxyVariables } from '#shared/net/proxy-variables.ts';
import { countCalls, countErrors } from '#shared/telemetry/observe-clusters.ts';
import type { Base } from './base.ts';
import { openGoogleToken } from './google-token.ts';
import { processVariables } from './start.ts';

/** The token for the fake of GKE Hub; no real one leaves for it. */
const EMULATOR_TOKEN = 'countersign-local';

/** Calls to clusters that `share` may cost in a minute, over all instances. */
export function callsPerMinute(
  { config, env }: Pick<Base, 'config' | 'env'>,
  share: Share,
): number {
  if (config.fleet.budget === 'none') return DIRECT_CALLS_PER_MINUTE;
  return (env.gatewayCallsPerMinute ?? GATEWAY_CALLS_PER_MINUTE) * SHARES[share];
}

/** A person waits: a dead cluster costs one call of each kind, and not the time and budget of three. */
const API_CLIENT_LIMITS: ClientLimits = { ...DEFAULT_CLIENT_LIMITS, callMs: 10_000, retries: 0 };

const clock = { now: () => performance.now(), sleep };

/**
 * The fleet of the config, once for each share that pays: connections and what is known of dead clusters are one.
 * `direct` sends what goes past every proxy.
 *
 * @example
 * const { members } = await openFleets(base)('sweep').list();
 */
export function openFleets(base: Base, direct?: Send): (share: Share) => Fleet {
  const { fleet } = base.config;
  const { meter } = base.telemetry;
  const shared = shareConnections(direct);
  if (fleet.type === 'gkeHub') {
    const depsFor = hubDeps(base, shared);
    return (share) =>
      countErrors(createHubFleet(hubMembers(fleet), depsFor(share), createClusterApi), meter);
  }
  const counted = countErrors(openDirectFleet(base, fleet, shared, createClusterApi), meter);
  return () => counted;
}

/**
 * The same clusters, for what people change there by commands, with rights of their own.
 *
 * @example
 * const { members } = await openObjects(base).list();
 */
export function openObjects(base: Base): Fleet<ObjectApi> {
  const { fleet } = base.config;
  const shared = shareConnections();
  if (fleet.type !== 'gkeHub') return openDirectFleet(base, fleet, shared, createObjectApi);
  return createHubFleet(hubMembers(fleet), hubDeps(base, shared)('sweep'), createObjectApi);
}

type Connections = Omit<ClientDeps, 'pace'>;

function shareConnections(direct?: Send): Connections {
  const proxies = proxyVariables(processVariables());
  const isProxied = 'HTTPS_PROXY' in proxies || 'HTTP_PROXY' in proxies;
  return {
    agents: createAgents(proxies),
    circuits: createCircuits(),
    limits: DEFAULT_CLIENT_LIMITS,
    ...defined({ direct: isProxied ? undefined : direct }),
  };
}

/** A fleet whose clusters are reached by credentials of their own. */
function openDirectFleet<Api>(
  { log, telemetry: { meter } }: Base,
  fleet: Exclude<FleetConfig, { readonly type: 'gkeHub' }>,
  shared: Connections,
  open: OpenApi<Api>,
): Fleet<Api> {
  const variables = processVariables();
  const deps = {
    ...shared,
    pace: countCalls(createDirectPace(clock), meter),
    plugins: createPlugins({ run: runProgram, now: Date.now, variables }),
    proxyAgent: createProxyAgents(),
    now: clock.now,
  };
  if (fleet.type === 'kubeconfig') {
    const onUnreadable = (problem: string) =>
      log.warn({ problem }, 'Kubeconfig cannot be read again');
    return createKubeconfigFleet(
      fleet,
      { ...deps, ...defined({ ca: fleet.ca }), onUnreadable },
      open,
    );
  }
  const { type, namespace, plugins, pluginServers, labelSelector } = fleet;
  const options = { type, plugins, pluginServers, selects: createSelector(labelSelector) };
  return createSecretFleet(
    { ...options, ...defined({ namespace }) },
    {
      ...deps,
      management: async () =>
        createManagementApi(await connectManagement(fleet, variables, deps), shared),
      onUnreadable: (problem) => log.warn({ problem }, 'Secret of a cluster cannot be used'),
    },
    open,
  );
}

type HubConfig = FleetConfig & { readonly type: 'gkeHub' };

function hubMembers({ projects, dnsEndpoints, labelSelector }: HubConfig): HubFleetOptions {
  return { projects, dnsEndpoints, selects: createSelector(labelSelector) };
}

function hubDeps(
  { env, log, telemetry: { meter } }: Base,
  shared: Connections,
): (share: Share) => HubFleetDeps {
  const { maxInstances, gatewayCallsPerMinute: quota, gkeHubEmulatorHost: emulator } = env;
  const identity =
    emulator === undefined
      ? { apis: GOOGLE_APIS, googleToken: openGoogleToken() }
      : { apis: emulatedApis(`http://${emulator}`), googleToken: async () => EMULATOR_TOKEN };
  const budget = { maxInstances, ...defined({ quota }), ...clock };
  const directPace = countCalls(createDirectPace(clock), meter);
  return (share) => ({
    fetch,
    ...shared,
    ...identity,
    ...defined({ limits: share === 'api' ? API_CLIENT_LIMITS : undefined }),
    now: clock.now,
    pace: countCalls(paceFor(share, budget), meter),
    directPace,
    onNoEndpoints: (project, problem) =>
      log.warn({ project, problem }, 'DNS endpoints of clusters are not known'),
    onUnreadable: (project, problem) => log.warn({ project, problem }, 'Membership cannot be used'),
  });
}
