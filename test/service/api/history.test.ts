import { describe, expect, it } from 'vitest';
import type { Kept } from '#functions/api/history/list-history.ts';
import { HistoryPage } from '#functions/api/history/operation.ts';
import { MAX_ENTRIES_READ, MAX_HISTORY_BYTES } from '#functions/api/limits.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { Entry } from '#shared/history/history.ts';
import { MAX_DATA_BYTES } from '#shared/history/schema.ts';
import { type ApiWorld, createApiWorld } from '#test/fixtures/api-world.ts';
import { createMemoryHistory } from '#test/fakes/memory-history.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { entryOf, idOf } from '#test/fixtures/history.ts';
import { asPerson } from '#test/fixtures/people.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

/** The world's clock stands at 06:00. */
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 22, 5, minute)).toISOString();

async function createWorld(entries: readonly Entry[]): Promise<ApiWorld> {
  const history = createMemoryHistory().open();
  for (const entry of entries) await history.add(entry);
  return createApiWorld({}, { kept: { history, days: 400 } });
}

async function list(world: ApiWorld, query = ''): Promise<HistoryPage> {
  const answer = await world.get(`/v1/history${query}`);
  expect(answer.status).toBe(200);
  return HistoryPage.parse(await answer.json());
}

async function ids(world: ApiWorld, query = ''): Promise<string[]> {
  return (await list(world, query)).events.map(({ id }) => id);
}

describe('where the config names no history', () => {
  it('answers with what is missing', async () => {
    const answer = await createApiWorld().get('/v1/history');
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ code: 'no-history' });
  });
});

describe('GET /v1/history', () => {
  it('has who did what, where and why, with all that the event says, and asks no cluster', async () => {
    const data = {
      image: IMAGE,
      digest: A,
      cluster: 'cluster-1',
      sync: 'RootSync/root-sync',
      stage: 'early',
      actor: 'ops@acme.example',
      reason: 'INC-7',
      signer: 'https://ci.example/release.yaml',
      revision: 'abc',
      source: 'https://github.com/acme/configs',
      authorities: ['ci'],
      message: 'Approved',
    };
    const world = await createWorld([entryOf('a', { data })]);
    const { authorities: _, message, ...about } = data;
    expect(await list(world)).toEqual({
      events: [
        {
          id: idOf('a'),
          time: at(0),
          type: 'sync.approved',
          severity: 'INFO',
          ...about,
          message,
          data,
        },
      ],
      days: 400,
    });
    expect(world.calls()).toEqual({ 'cluster-1': 0, 'cluster-2': 0, 'cluster-3': 0 });
  });

  it('shows an event of another shape by its type', async () => {
    const odd = entryOf('a', { type: 'moon.landed', data: { image: 7, message: null } });
    const { events } = await list(await createWorld([odd]));
    expect(events).toMatchObject([{ type: 'moon.landed', message: 'moon.landed' }]);
    expect(events[0]).not.toHaveProperty('image');
  });

  const ENTRIES = [
    entryOf('approved', { time: at(1) }),
    entryOf('other tag', {
      time: at(2),
      data: { image: IMAGE, digest: A, index: B, cluster: 'cluster-2' },
    }),
    entryOf('halted', {
      time: at(3),
      type: 'rollout.halted',
      data: { image: IMAGE, digest: B, actor: 'lead@acme.example' },
    }),
    entryOf('stage', { time: at(4), type: 'rollout.stage.opened', data: { image: IMAGE } }),
    entryOf('sweep', { time: at(5), type: 'sweep.completed', data: {} }),
    entryOf('gone', { time: at(6), data: { cluster: 'cluster-that-is-gone' } }),
  ];
  const names = new Map(ENTRIES.map(({ id }, index) => [id, index + 1]));

  it.each<[string, number[]]>([
    ['', [6, 4, 3, 2, 1]],
    ['?cluster=cluster-1', [1]],
    ['?cluster=cluster-that-is-gone', [6]],
    [`?image=${IMAGE}`, [4, 3, 2]],
    [`?image=${IMAGE.replace(':v1', '')}`, [4, 3, 2]],
    [`?image=${IMAGE.replace(':v1', ':v2')}`, []],
    [`?image=${IMAGE}@${A}`, [2]],
    [`?image=${IMAGE}@${B}`, [3, 2]],
    ['?actor=lead@acme.example', [3]],
    ['?actor=lead', []],
    ['?type=rollout', [4, 3]],
    ['?type=rollout.halted', [3]],
    ['?type=roll', []],
    ['?type=sweep.completed', [5]],
    ['?type=sweep', []],
    [`?type=rollout.halted&image=${IMAGE}&actor=lead@acme.example`, [3]],
    ['?type=rollout.halted&actor=ops@acme.example', []],
    [`?since=${at(3)}`, [6, 4, 3]],
    [`?until=${at(3)}`, [2, 1]],
    ['?since=58m&until=56m', [3, 2]],
    ['?since=2026-11-22T06:02:00%2B01:00', [6, 4, 3, 2]],
    ['?since=2026-11-22', [6, 4, 3, 2, 1]],
    ['?until=2026-11-22', []],
    ['?since=9999-12-31T23:59:59-10:00', []],
    ['?until=0000-01-01', []],
  ])('answers %s', async (search, wanted) => {
    const world = await createWorld(ENTRIES);
    world.pass(Date.UTC(2026, 10, 22, 6) - world.deps.now().getTime());
    const found = await ids(world, search);
    expect(found.map((id) => names.get(id))).toEqual(wanted);
  });

  it('has nothing that is older than its days, though it is there still', async () => {
    const old = entryOf('old', { time: '2025-10-01T00:00:00.000Z' });
    const world = await createWorld([old, entryOf('a')]);
    expect(await ids(world)).toEqual([idOf('a')]);
    expect(await ids(world, '?since=2025-01-01')).toHaveLength(2);
  });

  it('goes on where a page ended, and an event that comes late is in its place', async () => {
    const entries = Array.from({ length: 25 }, (_, n) => entryOf(`${n}`, { time: at(n % 5) }));
    const memory = createMemoryHistory();
    const history = memory.open();
    for (const entry of entries) await history.add(entry);
    const world = createApiWorld({}, { kept: { history, days: 400 } });
    const found: string[] = [];
    let query = '?limit=10';
    for (let pages = 0; pages < 3; pages += 1) {
      const answer = await world.get(`/v1/history${query}`);
      const page = HistoryPage.parse(await answer.json());
      found.push(...page.events.map(({ id }) => id));
      // One that is newer than the page, and one that is older.
      await history.add(entryOf(`newer ${pages}`, { time: at(10) }));
      if (pages === 0) await history.add(entryOf('late', { time: at(0) }));
      const [, next = ''] = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '') ?? [];
      query = new URL(next, 'http://x').search;
    }
    expect(new Set(found).size).toBe(found.length);
    expect(new Set(found)).toEqual(new Set([...entries, entryOf('late')].map(({ id }) => id)));
  });

  it('reads so many entries, and says where to go on', async () => {
    const many = Array.from({ length: MAX_ENTRIES_READ + 5 }, (_, n) => entryOf(`${n}`));
    const world = await createWorld([
      ...many,
      entryOf('needle', { time: at(-1), type: 'rollout.paused' }),
    ]);
    const first = await list(world, '?type=rollout');
    expect(first.events).toEqual([]);
    const second = await list(world, `?type=rollout&cursor=${first.next}`);
    expect(second.events.map(({ id }) => id)).toEqual([idOf('needle')]);
    expect(second.next).toBeUndefined();
  });

  it('finds a cluster by its full name while the fleet cannot be listed', async () => {
    const cluster = 'projects/p/locations/l/memberships/m';
    const history = createMemoryHistory().open();
    await history.add(entryOf('a', { data: { cluster, message: '' } }));
    const gone = async () => {
      throw new CountersignError('fleet-unavailable', 'Down');
    };
    const fleet = { ...createApiWorld().deps.fleet, find: gone, list: gone };
    const world = createApiWorld({}, { kept: { history, days: 400 }, fleet });
    expect(await ids(world, `?cluster=${cluster}`)).toEqual([idOf('a')]);
    expect((await world.get('/v1/history?cluster=m')).status).toBe(503);
  });

  it('asks the database few times, however few entries are wanted', async () => {
    const memory = createMemoryHistory().open();
    for (let n = 0; n < 300; n += 1) await memory.add(entryOf(`${n}`));
    await memory.add(entryOf('needle', { time: at(-1), type: 'rollout.paused' }));
    let calls = 0;
    const history: Kept['history'] = {
      list: (query) => {
        calls += 1;
        return memory.list(query);
      },
    };
    const world = createApiWorld({}, { kept: { history, days: 400 } });
    expect(await ids(world, '?type=rollout&limit=1')).toEqual([idOf('needle')]);
    expect(calls).toBe(4);
  });

  it('ends a page that grows too large', async () => {
    const message = 'x'.repeat(MAX_DATA_BYTES - 100);
    const many = Array.from({ length: 100 }, (_, n) => entryOf(`${n}`, { data: { message } }));
    const world = await createWorld(many);
    const page = await list(world);
    expect(page.events.length * MAX_DATA_BYTES).toBeLessThan(MAX_HISTORY_BYTES * 1.1);
    const rest = await list(world, `?cursor=${page.next}`);
    expect(page.events.length + rest.events.length).toBe(100);
  });

  it.each([
    '?since=yesterday',
    '?since=2026-13-01',
    '?until=0h',
    '?type=Rollout',
    '?limit=0',
    '?limit=1001',
    '?cursor=x',
    `?cursor=${Buffer.from('["cluster-1"]').toString('base64url')}`,
    '?image=::',
    '?phase=Synced',
  ])('refuses %s', async (search) => {
    const answer = await (await createWorld([])).get(`/v1/history${search}`);
    expect(answer.status).toBe(400);
  });

  it('is for viewers', async () => {
    const history = createMemoryHistory().open();
    const checkPerson = asPerson('dev@acme.example');
    const world = createApiWorld({}, { kept: { history, days: 400 }, checkPerson });
    expect((await world.get('/v1/history')).status).toBe(200);
  });
});
