import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playDemo } from '#infra/local/demo/play-demo.ts';
import { expectDemo } from '#test/fixtures/demo-story.ts';
import { startTestWorld, type TestWorld } from '#test/fixtures/local-world.ts';
import { ANSWERED_MS } from '#test/patience.ts';

it('shows every image on its way, and exits 0', async () => {
  expect(await expectDemo()).toMatch(/Waiting: every cluster .* stays SYNCED/);
});

describe('playDemo()', () => {
  let world: TestWorld;
  beforeAll(async () => {
    world = await startTestWorld({ clusters: 1, only: 'approving' });
  });
  afterAll(() => world?.stop());

  /** Plays until it fails; returns why, and what it printed. */
  async function play(limit: AbortSignal): Promise<{ why: string; printed: string }> {
    const out = new PassThrough();
    const startedAt = new Date();
    const demo = playDemo({ world, effect: 'pin', out, live: false, limit, startedAt });
    const why = await demo.then(() => 'nothing', String);
    out.end();
    return { why, printed: await text(out) };
  }

  it('fails where the gate admits an unsigned image', async () => {
    const [cluster] = world.emulated;
    const sync = cluster?.store.get('reposyncs', 'team-a', 'repo-sync');
    if (sync === undefined) throw new Error('no such RepoSync');
    const annotations = { 'countersign.dev/approved': `sha256:${'0'.repeat(64)}` };
    cluster?.store.put('reposyncs', { ...sync, metadata: { ...sync.metadata, annotations } });
    const { why } = await play(AbortSignal.timeout(ANSWERED_MS));
    expect(why).toContain(
      'RepoSync/team-a/repo-sync of cluster-1 got an image that was not signed',
    );
  });

  it('fails with what was not reached in time', async () => {
    // The world has reported what is absent before, and does not again.
    const { why, printed } = await play(AbortSignal.abort());
    expect(why).toMatch(/127\.0\.0\.1:\d+\/configs\/.* was not reported as absent in time/);
    expect(printed).not.toContain('Synced');
  });
});
