import { afterEach, describe, expect, it } from 'vitest';
import { type Installation, openInstallation } from './google/installation.ts';

// What one project does not show: services that are protected, Identity-Aware Proxy, repositories and fleets of others.

const PATIENCE_MS = 300_000;
const NO_WAITS = 'waits = { bindings = 0, metrics = 0 }';

let installation: Installation;
afterEach(() => installation.close());

describe('services that are protected', () => {
  it(
    'and did not start, need `terraform untaint`: no apply replaces them',
    async () => {
      installation = await openInstallation('private-sigstore');
      const { google, edit, apply, plan, terraform } = installation;
      for (const name of ['prod', 'mirror'])
        google.add(`artifactregistry/projects/acme-configs/locations/us/repositories/${name}`);
      const protects = `deletion_protection = true\n  ${NO_WAITS}`;
      await edit('unmatched = "ignore"', `unmatched = "ignore"\n  ${protects}`);
      google.weather.failing.add('countersign-sweep');
      expect((await apply()).code).toBe(1);
      google.weather.failing.clear();
      const again = await apply();
      expect([again.code, again.text]).toEqual([1, expect.stringContaining('cannot destroy')]);
      const address = 'module.countersign.google_cloud_run_v2_service.this["sweep"]';
      expect((await terraform('untaint', address)).code).toBe(0);
      // Terraform sees no change: the next change, or a build, makes the revision that starts.
      await edit('"30m"', '"29m"');
      expect((await apply()).code).toBe(0);
      const name = 'projects/acme-countersign/locations/us-central1/services/countersign-sweep';
      expect(google.resources.get(`run/${name}`)?.['latestReadyRevision']).toMatch(/-00002$/);
      expect(await plan()).toBe(0);
      expect(google.problems).toEqual([]);
    },
    PATIENCE_MS,
  );
});

describe('a project older than April 2021, with Identity-Aware Proxy', () => {
  it(
    "needs the proxy's agent first, lets Pub/Sub make tokens, and keeps the proxy switched on",
    async () => {
      installation = await openInstallation('fleet-host');
      const { google, edit, apply, plan } = installation;
      for (const place of [
        'artifactregistry/projects/acme-platform/locations/europe/repositories/configs',
        'artifactregistry/projects/acme-platform/locations/europe/repositories/signatures',
        'artifactregistry/projects/acme-payments/locations/europe/repositories/configs',
        'artifactregistry/projects/acme-data/locations/europe-west1/repositories/charts',
        'pubsub/projects/acme-payments/topics/gcr',
        'iam/projects/acme-fleet-prod/serviceAccounts/config-reader@acme-fleet-prod.iam.gserviceaccount.com',
      ])
        google.add(place);
      await edit(
        'tracing               = true',
        `tracing = true\n  old_project = true\n  ${NO_WAITS}`,
      );
      const agent = 'service-123456789012@gcp-sa-iap.iam.gserviceaccount.com';
      google.weather.missingAgents.add(agent);
      const early = await apply();
      expect([early.code, early.text]).toEqual([1, expect.stringContaining(`${agent} does not`)]);
      google.weather.missingAgents.clear();
      expect((await apply()).code).toBe(0);

      const api = 'run/projects/acme-countersign/locations/europe-west1/services/countersign-api';
      expect(google.resources.get(api)?.['iapEnabled']).toBe(true);
      await edit('tracing = true', 'tracing = false');
      expect((await apply()).code).toBe(0);
      const { iapEnabled, latestReadyRevision } = google.resources.get(api) ?? {};
      expect([iapEnabled, latestReadyRevision]).toEqual([true, expect.stringMatching(/-00002$/)]);

      const pubsub = 'serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com';
      const caller = 'countersign-events@acme-countersign.iam.gserviceaccount.com';
      const place = `iam/projects/acme-countersign/serviceAccounts/${caller}`;
      const allowed = google.policies.allows(pubsub, 'iam.serviceAccounts.getOpenIdToken', place);
      expect(allowed?.role).toBe('roles/iam.serviceAccountTokenCreator');
      expect(await plan()).toBe(0);
      expect(google.problems).toEqual([]);
    },
    PATIENCE_MS,
  );
});
