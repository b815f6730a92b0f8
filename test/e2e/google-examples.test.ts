import { afterEach, describe, expect, it } from 'vitest';
import { documentedBlock } from '#test/docs/blocks.ts';
import { startFront } from './google/front.ts';
import { type Installation, openInstallation } from './google/installation.ts';
import { openPrograms } from './google/programs.ts';
import { OWNER } from './google/start.ts';

// What one project does not show: services that are protected, Identity-Aware Proxy, repositories and fleets of others.

const NO_WAITS = 'waits = { bindings = 0, metrics = 0 }';

const SINGLE = ['-var=project_id=acme-prod', '-var=people=["ops@acme.example"]'];
const PUBSUB_AGENT = 'service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com';

let installation: Installation;
afterEach(() => installation?.close());

describe('services that are protected', () => {
  it('and did not start, need `terraform untaint`: no apply replaces them', async () => {
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
  });
});

describe('a project older than April 2021, with Identity-Aware Proxy', () => {
  it("needs the proxy's agent first, lets Pub/Sub make tokens, and keeps the proxy switched on", async () => {
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

    const pubsub = `serviceAccount:${PUBSUB_AGENT}`;
    const caller = 'countersign-events@acme-countersign.iam.gserviceaccount.com';
    const place = `iam/projects/acme-countersign/serviceAccounts/${caller}`;
    const allowed = google.policies.allows(pubsub, 'iam.serviceAccounts.getOpenIdToken', place);
    expect(allowed?.role).toBe('roles/iam.serviceAccountTokenCreator');
    expect(await plan()).toBe(0);
    expect(google.problems).toEqual([]);
  });
});

describe('a project that never used Pub/Sub, and has no cluster yet', () => {
  it('is applied once its accounts are made and a cluster is registered, as the page has it', async () => {
    installation = await openInstallation('single-project', SINGLE);
    const { google, edit, apply } = installation;
    await edit('images = [{', `${NO_WAITS}\n  images = [{`);
    const pool = 'acme-prod.svc.id.goog';
    google.weather.missingAgents.add(PUBSUB_AGENT).add(pool);
    const early = await apply();
    expect(early.code).toBe(1);
    expect(early.text).toContain(`${PUBSUB_AGENT} does not exist`);
    expect(early.text).toContain(`${pool}/subject`);

    const front = await startFront(google, []);
    const programs = await openPrograms(front);
    const block = documentedBlock('google-service-identities');
    const made = await programs.run(OWNER, ['bash', '-c', block], { PROJECT: 'acme-prod' });
    await programs.close();
    await front.close();
    expect([made.code, made.stderr]).toEqual([0, expect.stringContaining(PUBSUB_AGENT)]);
    // The pool comes with the first cluster that is registered.
    google.weather.missingAgents.delete(pool);
    expect((await apply()).code).toBe(0);
    expect(google.problems).toEqual([]);
  });
});

describe('two installations in one project', () => {
  it('are beside each other, each with its own events, and one leaves without the other', async () => {
    installation = await openInstallation('single-project', SINGLE);
    const { google } = installation;
    await installation.edit('images = [{', `${NO_WAITS}\n  images = [{`);
    expect((await installation.apply()).code).toBe(0);
    const second = await openInstallation('single-project', SINGLE, installation);
    await second.edit(
      'repository = { id = "configs" }',
      `name = "canary"\n  existing_gcr_topics = [var.project_id]\n  ${NO_WAITS}`,
    );
    await second.edit('account_id   = "countersign-caller"', 'account_id = "canary-caller"');
    await second.edit('"countersign-caller@', '"canary-caller@');
    const applied = await second.apply();
    expect([applied.code, applied.text]).toEqual([0, expect.anything()]);
    expect([await installation.plan(), await second.plan()]).toEqual([0, 0]);
    const pushed = [...google.resources]
      .filter(([, { topic }]) => topic === 'projects/acme-prod/topics/gcr')
      .map(([name]) => name.split('/').at(-1));
    expect(new Set(pushed)).toEqual(new Set(['canary-gcr-push', 'gcr-push']));

    const key = 'module.countersign.google_kms_crypto_key.release[0]';
    await second.terraform('state', 'rm', key);
    const gone = await second.terraform('destroy', '-auto-approve', ...SINGLE);
    await second.close();
    expect([gone.code, gone.text]).toEqual([0, expect.anything()]);
    // Bindings that both had made of the same person on the same thing are one, and went with the second.
    expect(await installation.plan()).toBe(2);
    expect((await installation.apply()).code).toBe(0);
    expect(await installation.plan()).toBe(0);
    expect(google.problems).toEqual([]);
  });
});
