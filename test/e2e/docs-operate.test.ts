import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Desk, openDesk } from '#test/docs/desk.ts';
import { ROOT_SYNC, startTestWorld, type TestWorld } from '#test/fixtures/local-world.ts';
import { publishSigned } from '#test/fixtures/world-story.ts';
import { SELDOM } from '#test/patience.ts';

let world: TestWorld;
let desk: Desk;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  world = await startTestWorld({ traces: true });
  desk = await openDesk();
  const digest = await publishSigned(world, 'operate: 1\n');
  await vi.waitUntil(async () => {
    const syncs = await Promise.all(world.clusters.map(({ name }) => world.get(name, ROOT_SYNC)));
    const commit = digest.slice('sha256:'.length);
    return syncs.every(({ status }) => status.lastSyncedCommit === commit);
  }, SELDOM);
  // What came of the push is seen by a sweep; only now, so that the push itself approved it.
  await fetch(world.functions.get('sweep')?.url ?? '', { method: 'POST' });
  env = {
    COUNTERSIGN_URL: world.functions.get('api')?.url ?? '',
    COUNTERSIGN_CONFIG: world.files.config,
    PUBSUB_EMULATOR_HOST: world.pubsub.host,
    CONFIG: world.files.config,
    IMAGE: `${world.registry}/configs/platform:v1`,
    DIGEST: digest,
    CLUSTER: 'cluster-1',
    SYNC: `RootSync/${ROOT_SYNC.name}`,
  };
});
afterAll(async () => {
  await desk?.clear();
  await world?.stop();
});

describe('the commands of docs/observability.md', () => {
  it('show the trace of a push', async () => {
    const places = { 'http://127.0.0.1:4318': world.traces?.url ?? '' };
    const { code, stdout } = await desk.run('observability-traces', { env, places });
    expect(code).toBe(0);
    expect(stdout).toMatch(/push: receive message  gcr-push[^]*└─ patch/);
  });
});

describe('the commands of docs/runbook.md', () => {
  // The fleet is not all well: nothing was pushed of what the RepoSyncs follow.
  it.each([
    ['runbook-status', 1, /^(?:NOT WELL|WAITING) [^]*cluster-1/],
    ['runbook-explain', 0, /is live and approved/],
    ['runbook-letters', 0, /No dead letters/],
    ['runbook-resync', 0, /1 clusters? tasked/],
    ['runbook-verify', 0, /Verified by release-key/],
    ['runbook-untrusted', 0, /"verified"/],
    ['runbook-rollout', 0, /root-sync/],
    ['runbook-cluster', 1, /cluster-1/],
    ['runbook-registry', 0, /release-key/],
  ])('%s', async (id, code, text) => {
    // What a run before it has changed has to be looked at again first.
    const done = await vi.waitFor(async () => {
      const finished = await desk.run(id, { env });
      expect({ code: finished.code, stderr: finished.stderr }).toMatchObject({ code });
      return finished;
    }, SELDOM);
    expect(done.stdout).toMatch(text);
  });
});
