import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GATEWAY_CALLS_PER_MINUTE, paceFor, SHARES } from '#shared/fleet/pace.ts';
import { type Installation, openInstallation } from './google/installation.ts';

// The way of an installation from its first apply to the next installation, with Terraform itself and an emulated Google
// Cloud (docs/google-cloud.md). The steps follow each other.

const SERVICES = ['api', 'cluster', 'push', 'sweep'];
const VARIABLES = ['-var=project_id=acme-prod', '-var=people=["ops@acme.example"]'];
const KEY = 'module.countersign.google_kms_crypto_key.release[0]';

let installation: Installation;

beforeAll(async () => {
  installation = await openInstallation('single-project', VARIABLES);
});
afterAll(() => installation?.close());

function service(name: string): Readonly<Record<string, unknown>> | undefined {
  return installation.google.resources.get(
    `run/projects/acme-prod/locations/us-central1/services/countersign-${name}`,
  );
}

/** Whether the newest revision of each service serves. */
function served(): readonly boolean[] {
  return SERVICES.map((name) => {
    const { latestCreatedRevision, latestReadyRevision } = service(name) ?? {};
    return latestCreatedRevision !== undefined && latestCreatedRevision === latestReadyRevision;
  });
}

/** Calls to clusters that one instance makes in a minute in which it has more to do than it may. */
async function callsInAMinute(maxInstances: number): Promise<number> {
  let calls = 0;
  for (const share of ['push', 'sweep'] as const) {
    const clock = { ms: 0 };
    const sleep = async (ms: number): Promise<void> => {
      clock.ms += ms;
    };
    const pace = paceFor(share, { maxInstances, now: () => clock.ms, sleep });
    while (clock.ms < 60_000) await pace.run('c1', 'list', async () => (calls += 1));
  }
  return calls;
}

describe('an installation', () => {
  it('does not get through its first apply where bindings and metrics take longer than it waits', async () => {
    await installation.edit(
      'repository = { id = "configs" }',
      'repository = { id = "configs" }\n  waits = { bindings = 0, metrics = 0 }',
    );
    installation.google.weather.bindingDelayMs = Infinity;
    installation.google.weather.metricDelayMs = Infinity;
    const { code, text } = await installation.apply();
    expect(code).toBe(1);
    expect(text).toContain('Permission denied on secret');
    expect(text).toContain('Cannot find metric that matches');
    expect(service('push')).toBeDefined();
    expect(served()).not.toContain(true);
  });

  it('gets through the second, which replaces the services that did not start', async () => {
    installation.google.weather.bindingDelayMs = 0;
    installation.google.weather.metricDelayMs = 0;
    expect((await installation.apply()).code).toBe(0);
    expect(served()).toEqual([true, true, true, true]);
  });

  it('is then as it is described: the next plan is empty', async () => {
    expect(await installation.plan()).toBe(0);
  });

  it('takes a change of its config as a new revision, and keeps what the one before needs', async () => {
    await installation.edit('trust = "release"\n', 'trust = "release"\n    effect = "gate"\n');
    expect((await installation.apply()).code).toBe(0);
    const { latestReadyRevision = '' } = service('push') ?? {};
    expect(latestReadyRevision).toMatch(/-00002$/);
    const versions = [1, 2].map((version) =>
      installation.google.resources.get(
        `secretmanager/projects/acme-prod/secrets/countersign-config/versions/${version}`,
      ),
    );
    expect(versions.map((version) => version?.['state'])).toEqual(['ENABLED', 'ENABLED']);
    expect(await installation.plan()).toBe(0);
  });

  it('and two revisions beside each other spend the budget of calls as one', async () => {
    const quota = GATEWAY_CALLS_PER_MINUTE;
    const limit = Object(service('cluster')).scaling.maxInstanceCount;
    const revisions = [1, 2].map((number) => {
      const { scaling, containers } = Object(
        installation.google.resources.get(
          `run/projects/acme-prod/locations/us-central1/services/countersign-cluster/revisions/countersign-cluster-0000${number}`,
        ),
      );
      const env = new Map<string, string>(
        containers[0].env.map(({ name, value }: Record<string, string>) => [name, value]),
      );
      const maxInstances = Number(env.get('COUNTERSIGN_MAX_INSTANCES'));
      return { most: Math.min(scaling.maxInstanceCount, limit), maxInstances };
    });
    const [before, after] = revisions;
    if (before === undefined || after === undefined) throw new Error('There is one revision');
    // What is no number would be no limit, either.
    expect([limit, before, after]).toEqual([
      2,
      { most: 2, maxInstances: 2 },
      { most: 2, maxInstances: 2 },
    ]);
    // Cloud Run counts the instances of all revisions with traffic against the service's own limit.
    for (let old = 0; old <= before.most; old += 1) {
      const young = Math.min(after.most, limit - old);
      const spent = await Promise.all([
        ...Array.from({ length: old }, () => callsInAMinute(before.maxInstances)),
        ...Array.from({ length: young }, () => callsInAMinute(after.maxInstances)),
      ]);
      const sum = spent.reduce((all, calls) => all + calls, 0);
      expect(sum).toBeGreaterThan(0.8 * quota * (SHARES.push + SHARES.sweep));
      expect(sum).toBeLessThanOrEqual(quota * (SHARES.push + SHARES.sweep));
    }
  });

  it('goes back: a revision with the config before starts', async () => {
    await installation.edit('    effect = "gate"\n', '');
    expect((await installation.apply()).code).toBe(0);
    expect(served()).toEqual([true, true, true, true]);
  });

  it('leaves the revision that serves where a new one does not start', async () => {
    const { latestReadyRevision: before } = service('push') ?? {};
    installation.google.weather.failing.add('countersign-push');
    await installation.edit('trust = "release"\n', 'trust = "release"\n    effect = "gate"\n');
    expect((await installation.apply()).code).toBe(1);
    expect(service('push')?.['latestReadyRevision']).toBe(before);
    installation.google.weather.failing.clear();
    await installation.edit('    effect = "gate"\n', '');
    expect((await installation.apply()).code).toBe(0);
    expect(served()).toEqual([true, true, true, true]);
  });

  it('is uninstalled, but for its key ring and key', async () => {
    expect((await installation.terraform('state', 'rm', KEY)).code).toBe(0);
    expect((await installation.terraform('destroy', '-auto-approve', ...VARIABLES)).code).toBe(0);
    const left = [...installation.google.resources]
      .filter(([name, { deleted }]) => !name.startsWith('serviceusage/') && deleted !== true)
      .map(([name]) => name)
      .filter((name) => !name.includes('/revisions/'));
    const ring = 'cloudkms/projects/acme-prod/locations/us-central1/keyRings/countersign';
    expect(left).toEqual([
      ring,
      `${ring}/cryptoKeys/release/cryptoKeyVersions/1`,
      `${ring}/cryptoKeys/release`,
    ]);
  });

  it('is installed again with the key of before, and the waits of the module are enough', async () => {
    const failed = await installation.apply();
    expect(failed.code).toBe(1);
    expect(failed.text).toContain('keyRings/countersign exists already');
    installation.google.weather.bindingDelayMs = 1_000;
    installation.google.weather.metricDelayMs = 1_000;
    await installation.edit(
      'waits = { bindings = 0, metrics = 0 }',
      'waits = { bindings = 3, metrics = 3 }\n  builder = { existing_key = true }',
    );
    await installation.terraform('destroy', '-auto-approve', ...VARIABLES);
    expect((await installation.apply()).code).toBe(0);
    expect(served()).toEqual([true, true, true, true]);
    expect(await installation.plan()).toBe(0);
  });

  it('sends nothing that Google does not describe', () => {
    expect(installation.google.problems).toEqual([]);
  });
});
