import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry, Facet, History } from '#shared/history/history.ts';
import { MAX_DATA_BYTES, placeOf } from '#shared/history/schema.ts';
import { entryOf, query } from '#test/fixtures/history.ts';

export interface HistoryUnderTest {
  readonly name: string;
  /** Opens the history of one test again and again: every call sees what the others wrote. */
  readonly open: () => Promise<History>;
  /** Writes raw text where the entry is. */
  readonly damage: (id: string, text: string) => Promise<void>;
}

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 22, 5, minute)).toISOString();

/** What a history must do, whatever it is kept in. */
export function historyContract({ name, open, damage }: HistoryUnderTest): void {
  describe(`history contract: ${name}`, () => {
    let history: History;
    beforeEach(async () => {
      history = await open();
    });
    afterEach(() => history?.close());

    async function addAll(entries: readonly Entry[]): Promise<void> {
      for (const entry of entries) expect(await history.add(entry)).toBe(true);
    }

    it('is empty at first', async () => {
      expect(await history.list(query())).toEqual([]);
    });

    it('gives back what was added, whole, through another handle too', async () => {
      const entry = entryOf('a', {
        type: 'rollout.teleported',
        severity: 'NOTICE',
        data: { image: 'r.example/a:v1', message: '“ümläut” \u{1f680}', deep: { list: [1, null] } },
      });
      await addAll([entry]);
      const other = await open();
      expect(await history.list(query())).toEqual([entry]);
      expect(await other.list(query())).toEqual([entry]);
      await other.close();
    });

    it('keeps an event once, and as it came first', async () => {
      const entry = entryOf('a');
      await addAll([entry]);
      expect(await history.add(entry)).toBe(false);
      expect(await history.add({ ...entry, time: at(9) })).toBe(false);
      const other = await open();
      expect(await other.add(entry)).toBe(false);
      expect(await history.list(query())).toEqual([entry]);
      await other.close();
    });

    it('lets one of many writers add an event', async () => {
      const handles = await Promise.all(Array.from({ length: 5 }, open));
      const added = await Promise.all(
        Array.from({ length: 25 }, (_, n) => (handles[n % 5] ?? history).add(entryOf('a'))),
      );
      expect(added.filter(Boolean)).toHaveLength(1);
      await Promise.all(handles.map((handle) => handle.close()));
    });

    it('orders by time and then by id, whenever an event arrived', async () => {
      const entries = [3, 1, 2, 1, 3].map((minute, n) => entryOf(`${n}`, { time: at(minute) }));
      await addAll(entries);
      const ordered = entries.toSorted((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1));
      expect(await history.list(query())).toEqual(ordered);
      const late = entryOf('late', { time: at(2) });
      await addAll([late]);
      const places = (await history.list(query())).map(placeOf);
      expect(places).toEqual([...ordered, late].map(placeOf).toSorted().toReversed());
    });

    it('begins at a moment, ends before another, and goes on behind any entry', async () => {
      const entries = [0, 1, 2, 3, 4].map((minute) => entryOf(`${minute}`, { time: at(minute) }));
      await addAll(entries);
      const within = await history.list(query({ since: at(1), before: at(4) }));
      expect(within.map(({ time }) => time)).toEqual([at(3), at(2), at(1)]);
      for (const [index, entry] of entries.entries()) {
        const rest = await history.list(query({ before: placeOf(entry) }));
        expect(rest).toEqual(entries.slice(0, index).toReversed());
      }
    });

    it('answers more than one page of its database, and no more than is asked for', async () => {
      const entries = Array.from({ length: 230 }, (_, n) => entryOf(`${n}`, { time: at(n % 7) }));
      await Promise.all(entries.map((entry) => history.add(entry)));
      const all = entries.map(placeOf).toSorted().toReversed();
      expect((await history.list(query())).map(placeOf)).toEqual(all);
      expect((await history.list(query({ limit: 130 }))).map(placeOf)).toEqual(all.slice(0, 130));
    });

    it.each<[Facet, string, string]>([
      ['type', 'sync.approved', 'sync.approve'],
      ['image', 'r.example/configs/platform', 'r.example/configs'],
      ['cluster', 'cluster-1', 'cluster'],
      ['actor', 'ops@acme.example', 'ops@acme'],
    ])('finds by %s what has exactly that value', async (facet, value, beginning) => {
      const others = entryOf('other', {
        type: 'sync.synced',
        data: { image: 'r.example/configs/platform-2:v1', cluster: 'cluster-10', actor: 'ops' },
      });
      await addAll([entryOf('a', { time: at(1) }), others, entryOf('b', { time: at(2) })]);
      const found = await history.list(query({ by: { facet, value } }));
      expect(found.map(({ time }) => time)).toEqual([at(2), at(1)]);
      const since = await history.list(query({ by: { facet, value }, since: at(2) }));
      expect(since.map(({ time }) => time)).toEqual([at(2)]);
      expect(await history.list(query({ by: { facet, value: beginning } }))).toEqual([]);
    });

    it('takes a value with breaks in it for no other one', async () => {
      const sly = entryOf('sly', { data: { cluster: 'cluster-1\n2026', message: '' } });
      await addAll([sly]);
      expect(await history.list(query({ by: { facet: 'cluster', value: 'cluster-1' } }))).toEqual(
        [],
      );
      const value = 'cluster-1\n2026';
      expect(await history.list(query({ by: { facet: 'cluster', value } }))).toEqual([sly]);
    });

    it('has what sweeps publish each minute where it is asked for by its type', async () => {
      const sweep = entryOf('sweep', { type: 'sweep.completed', data: { id: 's', message: '' } });
      await addAll([sweep, entryOf('a')]);
      expect(await history.list(query())).toEqual([entryOf('a')]);
      const by = { facet: 'type', value: 'sweep.completed' } as const;
      expect(await history.list(query({ by }))).toEqual([sweep]);
    });

    it('keeps of too large an event what is no list', async () => {
      const huge = entryOf('huge', {
        data: { cluster: 'cluster-1', message: 'm', errors: ['x'.repeat(MAX_DATA_BYTES)] },
      });
      const monstrous = entryOf('more', { data: { message: 'x'.repeat(MAX_DATA_BYTES) } });
      await addAll([huge, monstrous]);
      const found = new Map((await history.list(query())).map((entry) => [entry.id, entry]));
      expect(found.get(huge.id)).toEqual({
        ...huge,
        data: { cluster: 'cluster-1', message: 'm' },
        cut: true,
      });
      expect(found.get(monstrous.id)).toEqual({ ...monstrous, data: {}, cut: true });
    });

    it('takes values of any length', async () => {
      const cluster = 'ü'.repeat(5_000);
      await addAll([entryOf('long', { data: { cluster, message: '' } })]);
      const found = await history.list(query({ by: { facet: 'cluster', value: cluster } }));
      expect(found).toHaveLength(1);
    });

    it.each([
      ['no JSON', '{'],
      ['another shape', '{"id":1}'],
    ])('passes over %s', async (_, text) => {
      await addAll([entryOf('a'), entryOf('b')]);
      await damage(entryOf('a').id, text);
      expect(await history.list(query())).toEqual([entryOf('b')]);
    });

    it('fills a page past what it cannot read, so that a short page is the last', async () => {
      const entries = [0, 1, 2, 3, 4].map((minute) => entryOf(`${minute}`, { time: at(minute) }));
      await addAll(entries);
      for (const { id } of entries.slice(3)) await damage(id, '{');
      const page = await history.list(query({ limit: 2 }));
      expect(page.map(({ time }) => time)).toEqual([at(2), at(1)]);
    });

    it('closes twice without complaint', async () => {
      await history.close();
      await expect(history.close()).resolves.toBeUndefined();
    });
  });
}
