import { describe, expect, it } from 'vitest';
import { createMemoryHistory } from '#test/fakes/memory-history.ts';
import { createSigningKey, keyPolicy } from '#test/fakes/cosign.ts';
import { createApiWorld, ROOT } from '#test/fixtures/api-world.ts';
import { UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { screensOf } from '#test/fixtures/screens-of.ts';
import { entryOf } from '#test/fixtures/history.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';
import { buildRSync, IMAGE, liveStatus } from '#test/fixtures/rsync.ts';
import { createStagedApiWorld, moved } from '#test/fixtures/staged-api.ts';

const POLICY = keyPolicy([createSigningKey()]);

describe('countersign explain', () => {
  it('shows a digest that nothing verifies, and how it is signed', async () => {
    const world = createApiWorld({}, { policies: new Map([[POLICY.name, POLICY]]) });
    await world.sweep();
    world.tags.set(IMAGE, B);
    world.verdicts.set(B, UNTRUSTED);
    for (const { file, seen } of await screensOf(world, 'explain-untrusted', [
      'explain',
      'cluster-1',
      ROOT,
    ])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
    for (const { file, seen } of await screensOf(world, 'verify-untrusted', ['verify', IMAGE])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
  });

  it('shows what a stage waits for, and what is well', async () => {
    const world = await createStagedApiWorld({ rows: { 'cluster-1': [moved()] } });
    const rsync = buildRSync({ status: liveStatus(A), annotations: { approved: A } });
    world.clusters.cluster('cluster-4').rsyncs.set(ROOT, rsync);
    world.tags.set(IMAGE, B);
    world.verdicts.set(B, VERIFIED);
    for (const { file, seen } of await screensOf(world, 'explain-staged', [
      'explain',
      'cluster-4',
      ROOT,
    ])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
    for (const { file, seen } of await screensOf(world, 'rollout-plan', [
      'rollout',
      'plan',
      IMAGE,
    ])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
    const well = createApiWorld();
    await well.sweep();
    for (const { file, seen } of await screensOf(well, 'explain-well', [
      'explain',
      'cluster-1',
      ROOT,
    ])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
  });
});

describe('what people did', () => {
  it('shows freezes and holds, and that there are none', async () => {
    const world = await createStagedApiWorld();
    for (const { file, seen } of await screensOf(world, 'freezes-none', ['freezes'])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
    for (const { file, seen } of await screensOf(world, 'holds-none', ['holds'])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
    const freeze = ['--image', IMAGE, '--clusters', 'ring = rest', '--for', '2h'];
    await run(world, ['freeze', ...freeze, '--reason', 'INC-4711: checkout is slow']);
    await run(world, ['hold', 'cluster-2', ROOT, '--reason', 'CHG-77', '--for', '7d']);
    world.pass(600_000);
    const { out } = await run(world, ['freezes', '-o', 'name']);
    expect(out).toMatch(/^\S+\n$/);
    for (const { file, seen } of await screensOf(world, 'holds', ['holds'])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
  });

  it('shows history, the newest first', async () => {
    const history = createMemoryHistory().open();
    for (const entry of ENTRIES) await history.add(entry);
    const world = createApiWorld({}, { kept: { history, days: 400 } });
    for (const { file, seen } of await screensOf(world, 'history', ['history'])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
    for (const { file, seen } of await screensOf(world, 'history-wide', [
      'history',
      '-o',
      'wide',
    ])) {
      await expect(seen).toMatchFileSnapshot(file);
    }
  });
});

const ENTRIES = [
  entryOf('a', {
    data: {
      image: IMAGE,
      cluster: 'projects/fleet/locations/us-east1/memberships/shop-us-east1-001',
      sync: 'RootSync/platform',
      message: `Approved ${B}`,
      actor: 'ops@acme.example',
      reason: 'INC-7',
      signer: 'release-key',
      revision: '3f2a91c',
      source: 'https://github.com/acme/configs',
    },
  }),
  entryOf('b', {
    time: '2026-11-22T05:40:00.000Z',
    type: 'rollout.halted',
    severity: 'ERROR',
    data: {
      image: IMAGE,
      message: 'Halted in stage early: 4 of at most 0 failed since 2026-11-22T05:40:00Z',
    },
  }),
  entryOf('c', {
    time: '2026-11-20T04:00:01.000Z',
    type: 'sweep.braked',
    severity: 'WARNING',
    data: { message: 'A sweep would withdraw from 12 % of the fleet, and withdraws nothing' },
  }),
];
