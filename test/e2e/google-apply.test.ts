import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, openInstallation } from './google/installation.ts';

// The way of an installation from its first apply to the next installation, with Terraform itself and an emulated Google
// Cloud (docs/google-cloud.md). The steps follow each other.

const PATIENCE_MS = 300_000;
const SERVICES = ['api', 'cluster', 'push', 'sweep'];
const VARIABLES = ['-var=project_id=acme-prod', '-var=people=["ops@acme.example"]'];
const KEY = 'module.countersign.google_kms_crypto_key.release[0]';

let installation: Installation;

beforeAll(async () => {
  installation = await openInstallation('single-project', VARIABLES);
}, PATIENCE_MS);
afterAll(() => installation.close());

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

describe('an installation', () => {
  it(
    'does not get through its first apply where bindings and metrics take longer than it waits',
    async () => {
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
    },
    PATIENCE_MS,
  );

  it(
    'gets through the second, which replaces the services that did not start',
    async () => {
      installation.google.weather.bindingDelayMs = 0;
      installation.google.weather.metricDelayMs = 0;
      expect((await installation.apply()).code).toBe(0);
      expect(served()).toEqual([true, true, true, true]);
    },
    PATIENCE_MS,
  );

  it('is then as it is described: the next plan is empty', { timeout: PATIENCE_MS }, async () => {
    expect(await installation.plan()).toBe(0);
  });

  it(
    'takes a change of its config as a new revision, and keeps what the one before needs',
    async () => {
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
    },
    PATIENCE_MS,
  );

  it(
    'goes back: a revision with the config before starts',
    async () => {
      await installation.edit('    effect = "gate"\n', '');
      expect((await installation.apply()).code).toBe(0);
      expect(served()).toEqual([true, true, true, true]);
    },
    PATIENCE_MS,
  );

  it(
    'leaves the revision that serves where a new one does not start',
    async () => {
      const { latestReadyRevision: before } = service('push') ?? {};
      installation.google.weather.failing.add('countersign-push');
      await installation.edit('trust = "release"\n', 'trust = "release"\n    effect = "gate"\n');
      expect((await installation.apply()).code).toBe(1);
      expect(service('push')?.['latestReadyRevision']).toBe(before);
      installation.google.weather.failing.clear();
      await installation.edit('    effect = "gate"\n', '');
      expect((await installation.apply()).code).toBe(0);
      expect(served()).toEqual([true, true, true, true]);
    },
    PATIENCE_MS,
  );

  it(
    'is uninstalled, but for its key ring and key',
    async () => {
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
    },
    PATIENCE_MS,
  );

  it(
    'is installed again with the key of before, and the waits of the module are enough',
    async () => {
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
    },
    PATIENCE_MS,
  );

  it('sends nothing that Google does not describe', () => {
    expect(installation.google.problems).toEqual([]);
  });
});
