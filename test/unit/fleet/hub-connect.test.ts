import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { GatewayFault } from '#test/fakes/gateway/hub.ts';
import {
  type Gateway,
  type GatewayOptions,
  startGateway,
} from '#test/fakes/gateway/start-gateway.ts';
import { type Kube, startKube } from '#infra/local/kube/start-kube.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import type { HubFleetDeps } from '#shared/fleet/hub-fleet.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { openHubFleet } from '#test/fixtures/hub-fleet.ts';
import { ANSWERED_MS, PATIENCE } from '#test/patience.ts';

const EMAIL = 'countersign@acme.example';
const NAME = 'projects/fleet-host/locations/us-west1/memberships/a';
const MEMBER = { name: NAME, id: 'a', labels: {} };
/** Held: it passes when the test says so. */
const CALL_MS = 54_321;

interface World {
  readonly kube: Kube;
  readonly gateway: Gateway;
  readonly fleet: Fleet;
  readonly identities: Map<string, string>;
}

async function open(
  options: Partial<GatewayOptions> = {},
  deps: Partial<HubFleetDeps> = {},
  project = 'fleet-host',
): Promise<World> {
  const kube = await startKube({ name: 'a' });
  const identities = new Map([['token-1', EMAIL]]);
  const memberships = [{ id: 'a', location: 'us-west1', server: kube.url }];
  const hosts = [{ id: 'fleet-host', number: '42', memberships }];
  const gateway = await startGateway({ hosts, identities, ...options });
  onTestFinished(async () => {
    await gateway.close();
    await kube.close();
  });
  const fleet = openHubFleet({ projects: [project] }, gateway.url, deps);
  return { kube, gateway, fleet, identities };
}

function list(api: ClusterApi): Promise<unknown> {
  return api.list('RootSync', { limit: 1 });
}

describe('connect()', () => {
  it('reaches the cluster as the identity behind the token', async () => {
    const { fleet, kube } = await open();
    await list(await fleet.connect(MEMBER));
    expect(kube.store.requests.map(({ verb, user, path }) => [verb, user, path])).toEqual([
      ['list', EMAIL, '/apis/configsync.gke.io/v1beta1/rootsyncs'],
    ]);
  });

  it('asks for a token before each call, so that an expired one is never sent', async () => {
    let current = 'token-1';
    const { fleet, identities } = await open({}, { googleToken: async () => current });
    const api = await fleet.connect(MEMBER);
    await list(api);
    identities.delete('token-1');
    identities.set('token-2', EMAIL);
    current = 'token-2';
    expect(await list(api)).toEqual({ items: [] });
  });

  it('has no members but those that are listed', async () => {
    const { fleet, gateway } = await open();
    const forged = { ...MEMBER, name: `${NAME}x` };
    await expect(fleet.connect(forged)).rejects.toMatchObject({ code: 'cluster-not-found' });
    expect(gateway.calls.size).toBe(0);
  });

  it('asks for the number of a project once', async () => {
    let asked = 0;
    const { fleet } = await open({
      denies(_, permission) {
        if (permission === 'resourcemanager.projects.get') asked += 1;
        return false;
      },
    });
    for (let time = 0; time < 3; time += 1) await list(await fleet.connect(MEMBER));
    expect(asked).toBe(1);
  });

  it('asks for no number where the config has it', async () => {
    const { fleet } = await open(
      { denies: (_, permission) => permission === 'resourcemanager.projects.get' },
      {},
      '42',
    );
    expect(await list(await fleet.connect(MEMBER))).toEqual({ items: [] });
  });

  it('says which permission it lacks, and tries again when it is granted', async () => {
    let granted = false;
    const { fleet } = await open({
      denies: (_, permission) => permission === 'resourcemanager.projects.get' && !granted,
    });
    await expect(fleet.connect(MEMBER)).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('resourcemanager.projects.get'),
    });
    granted = true;
    expect(await fleet.connect(MEMBER)).toMatchObject({ cluster: NAME });
  });

  it('has no token to send', async () => {
    const googleToken = (): Promise<string> => Promise.reject(new Error('no metadata server'));
    const { fleet, gateway } = await open({}, { googleToken });
    await expect(fleet.list()).rejects.toMatchObject({ code: 'fleet-unavailable', retry: true });
    expect(gateway.calls.size).toBe(0);
  });
});

describe('a call through the gateway', () => {
  it.each<[GatewayFault, string, boolean, number]>([
    [{ kind: 'agent-down' }, 'cluster-unreachable', true, 3],
    [{ kind: 'busy', retryAfter: 0 }, 'cluster-unreachable', true, 3],
    [{ kind: 'busy', retryAfter: 30 }, 'cluster-unreachable', true, 1],
    [{ kind: 'dead' }, 'cluster-unreachable', true, 1],
    [{ kind: 'denied' }, 'cluster-forbidden', false, 1],
    [{ kind: 'gone' }, 'cluster-unreachable', false, 1],
    [{ kind: 'no-config-sync' }, 'no-config-sync', false, 1],
    [{ kind: 'quota', retryAfter: 0 }, 'fleet-unavailable', true, 3],
    [{ kind: 'quota', retryAfter: 60 }, 'fleet-unavailable', true, 1],
  ])('fails with %j: %s (retry %s), after %i attempts', async (fault, code, retry, attempts) => {
    const limits = {
      credentialsMs: ANSWERED_MS,
      callMs: CALL_MS,
      retries: 2,
      backoffMs: 1,
      retryAfterMs: 50,
      answerBytes: 10_000,
    };
    const { fleet, gateway } = await open({}, { limits });
    gateway.faults.set(NAME, fault);
    const api = await fleet.connect(MEMBER);
    using deadline = holdTimers(CALL_MS);
    const failing = list(api).catch((error: unknown) => error);
    await vi.waitUntil(() => gateway.calls.get(NAME) !== undefined, PATIENCE);
    if (fault.kind === 'dead') deadline.pass();
    expect(await failing).toMatchObject({ code, retry });
    expect(gateway.calls.get(NAME)).toBe(attempts);
  });

  it('is one too many for the quota of the fleet', async () => {
    const { fleet } = await open({ callsPerMinute: 2 });
    const api = await fleet.connect(MEMBER);
    await list(api);
    await list(api);
    await expect(list(api)).rejects.toMatchObject({ code: 'fleet-unavailable', retry: true });
  });

  it('needs a token that Google knows', async () => {
    const { fleet, identities } = await open();
    const api = await fleet.connect(MEMBER);
    identities.clear();
    await expect(list(api)).rejects.toMatchObject({
      code: 'cluster-forbidden',
      message: expect.stringContaining("Google does not accept Countersign's credentials"),
    });
  });
});
