import { describe, expect, it } from 'vitest';
import { FleetLine, FleetPage } from '#functions/api/fleet/operation.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { A, createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';
import { createFakeFleet } from '#test/fixtures/fake-fleet.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

const DEAD = ['cluster-003', 'cluster-011', 'cluster-019', 'cluster-027', 'cluster-049'];
const NAMES = Array.from({ length: 50 }, (_, at) => `cluster-${String(at).padStart(3, '0')}`);

/** Fifty clusters of which five hang until `release`. */
function hangingWorld() {
  const clusters = Object.fromEntries(NAMES.map((name) => [name, [liveRSync()]]));
  const fake = createFakeFleet(clusters);
  const { promise: hang, reject } = Promise.withResolvers<never>();
  hang.catch(() => undefined);
  const world = createApiWorld(
    { clusters },
    {
      rsyncs: {
        ...fake.rsyncs,
        list: (api) => (DEAD.includes(api.cluster) ? hang : fake.rsyncs.list(api)),
      },
    },
  );
  const release = () => reject(new CountersignError('cluster-unreachable', 'It does not answer'));
  return { world, release };
}

async function* linesOf(answer: Response): AsyncGenerator<FleetLine> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) yield FleetLine.parse(JSON.parse(line));
  }
}

describe('a live read of fifty clusters, five of them dead', () => {
  it.each(['application/x-ndjson', 'application/json'])(
    'asks no more of them than the page has entries, as %s too',
    async (form) => {
      const { world } = hangingWorld();
      const first = await (await world.get('/v1/fleet?live=true&limit=2', form)).text();
      expect(first.match(/"phase":"Reachable"/g)).toHaveLength(2);
      const next = /"next":"([^"]+)"/.exec(first)?.[1];
      const second = await world.get(`/v1/fleet?live=true&limit=1&cursor=${next}`, form);
      expect(await second.text()).toContain('"cluster":"cluster-002"');
    },
  );

  it('streams the living while the dead still hang, then the dead', async () => {
    const { world, release } = hangingWorld();
    const answer = await world.get('/v1/fleet?live=true', 'application/x-ndjson');
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    const living: string[] = [];
    const dead: string[] = [];
    const digests = new Set<string | undefined>();
    let done = false;
    for await (const { cluster, syncs, done: end } of linesOf(answer)) {
      if (end === true) done = true;
      else if (cluster?.phase === 'Reachable') {
        living.push(cluster.cluster);
        digests.add(syncs?.[0]?.registryDigest);
      } else dead.push(cluster?.cluster ?? '');
      if (living.length === 45 && dead.length === 0) release();
    }
    expect(living.toSorted()).toEqual(NAMES.filter((name) => !DEAD.includes(name)));
    expect(dead.toSorted()).toEqual(DEAD);
    expect(digests).toEqual(new Set([A]));
    expect(done).toBe(true);
  });

  it('answers in JSON too, the dead shown as such', async () => {
    const { world, release } = hangingWorld();
    const answering = world.get(`/v1/fleet?live=true&image=${IMAGE}`);
    release();
    const { clusters, syncs } = FleetPage.parse(await (await answering).json());
    expect(syncs).toHaveLength(45);
    const told = clusters.filter(({ phase }) => phase === 'Unreachable');
    expect(told.map(({ cluster }) => cluster)).toEqual(DEAD);
    expect(told[0]).toMatchObject({ message: 'It does not answer' });
  });

  it('shows a fault of the registry beside the RSync, and shows the rest', async () => {
    const world = createApiWorld();
    await world.sweep();
    world.broken.set(IMAGE, new CountersignError('registry-unavailable', 'Registry is down'));
    const { syncs } = FleetPage.parse(await (await world.get('/v1/fleet?live=true')).json());
    expect(syncs).toHaveLength(3);
    expect(syncs[0]).toMatchObject({
      message: 'Registry is down',
      phase: 'Synced',
      nomos: 'SYNCED',
    });
  });
});
