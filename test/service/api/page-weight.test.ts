import { describe, expect, it } from 'vitest';
import { createTally } from '#shared/overview/tally-fleet.ts';
import { NO_TROUBLES } from '#shared/overview/present-row.ts';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { hugeFleet } from '#test/fixtures/huge-fleet.ts';
import { NOW } from '#test/fixtures/tally.ts';

const MAX_VIEW_BYTES = 100_000;
const PARTS = ['/page.css', '/page.js', '/page/unwell.svg', '/page/well.svg'];

describe('the first view of 10,000 clusters', () => {
  it('weighs less than 100 kB with all that it loads, and reads no record of a cluster', async () => {
    const world = createApiWorld();
    const { records, labels } = hugeFleet(10_000);
    const tally = createTally({ troubles: NO_TROUBLES, labels, now: NOW });
    for (const record of records()) tally.add(record);
    await world.deps.store.writeNote('tally', 'fleet', tally.done());
    let lists = 0;
    const store = {
      ...world.deps.store,
      listClusters: () => {
        lists += 1;
        return Promise.resolve([]);
      },
    };
    const large = createApiWorld({}, { store, now: world.deps.now });
    const text = await (await large.get('/', 'text/html')).text();
    expect(text).toContain('on 10,000 clusters');
    const parts = await Promise.all(PARTS.map(async (path) => (await large.get(path)).text()));
    const bytes = [text, ...parts].reduce((sum, part) => sum + Buffer.byteLength(part), 0);
    expect(bytes).toBeLessThan(MAX_VIEW_BYTES);
    expect(lists).toBe(0);
    expect(large.calls()).toEqual({ 'cluster-1': 0, 'cluster-2': 0, 'cluster-3': 0 });
  });
});
