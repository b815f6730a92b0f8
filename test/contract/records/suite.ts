import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Records } from '#shared/records/records.ts';
import { record } from '#test/fixtures/rollout.ts';

export interface RecordsUnderTest {
  readonly name: string;
  /** Opens the records of one test again and again: every call sees what the others wrote. */
  readonly open: () => Promise<Records>;
  /** Writes raw text where the record of the image is; without a text, deletes it. */
  readonly damage: (image: string, text?: string) => Promise<void>;
}

const IMAGE = 'registry.example/app:v1';
const WRITERS = 50;

/** A record with every field that one can have. */
const FULL: RolloutRecord = record({
  image: IMAGE,
  cause: 'window',
  status: 'awaiting-window',
  cursor: { by: 'ring-order', value: '7', cluster: 'projects/p/locations/l/memberships/m' },
  okSince: '2026-11-23T10:00:00.000Z',
  stuckSince: '2026-11-23T10:00:00.000Z',
  saidAt: '2026-11-23T10:00:00.000Z',
  approvals: [{ stage: 'early', by: 'lead@acme.example', at: '2026-11-23T10:00:00.000Z' }],
  rejected: ['B'],
  indexes: { D: 'D-index' },
  next: {
    digest: 'E',
    resolvedAt: '2026-11-23T11:00:00.000Z',
    id: 'r2',
    by: 'push',
    index: 'E-index',
  },
  ignored: ['c1'],
  before: 'completed',
  history: [
    {
      by: 'ops@acme.example',
      reason: 'INC-7 “ümläut”',
      did: 'pause',
      at: '2026-11-23T10:00:00.000Z',
    },
  ],
});

/** What records must do, whatever they are kept in. */
export function recordsContract({ name, open, damage }: RecordsUnderTest): void {
  describe(`records contract: ${name}`, () => {
    let records: Records;
    beforeEach(async () => {
      records = await open();
    });
    afterEach(() => records?.close());

    async function write(changes: Partial<RolloutRecord> = {}): Promise<boolean> {
      const made = { ...FULL, ...changes };
      return records.replace(made, await records.read(made.image));
    }

    it('knows nothing of an image that never had a record', async () => {
      expect(await records.read(IMAGE)).toEqual({ image: IMAGE, known: false });
      expect(await records.list()).toEqual([]);
    });

    it('reads back what was written, through another handle too', async () => {
      expect(await write()).toBe(true);
      const other = await open();
      for (const handle of [records, other]) {
        const found = { image: IMAGE, record: FULL, revision: expect.any(String), known: true };
        expect(await handle.read(IMAGE)).toEqual(found);
        expect(await handle.list()).toEqual([found]);
      }
      await other.close();
    });

    it('replaces what was read, and nothing that came after it', async () => {
      await write();
      const before = await records.read(IMAGE);
      expect(await records.replace({ ...FULL, version: 8 }, before)).toBe(true);
      expect(await records.replace({ ...FULL, version: 8, status: 'paused' }, before)).toBe(false);
      expect((await records.read(IMAGE)).record).toEqual({ ...FULL, version: 8 });
    });

    it('writes no first record over another one', async () => {
      const before = await records.read(IMAGE);
      await write();
      expect(await records.replace({ ...FULL, status: 'paused' }, before)).toBe(false);
      expect((await records.read(IMAGE)).record).toEqual(FULL);
    });

    it('takes no version of its own for that of a record that was lost and began anew', async () => {
      await write({ version: 1 });
      const before = await records.read(IMAGE);
      await damage(IMAGE);
      await write({ version: 1, status: 'paused', cause: 'record-lost' });
      expect(await records.replace({ ...FULL, version: 2 }, before)).toBe(false);
      expect((await records.read(IMAGE)).record?.status).toBe('paused');
    });

    it('lets one of fifty writers win each version', async () => {
      await write({ version: 1 });
      const handles = await Promise.all(Array.from({ length: 5 }, open));
      for (let version = 2; version <= 4; version += 1) {
        const wins = await Promise.all(
          Array.from({ length: WRITERS }, async (_, writer) => {
            const handle = handles[writer % handles.length] ?? records;
            const over = await handle.read(IMAGE);
            if (over.record?.version !== version - 1) return undefined;
            const mine = { ...over.record, version, startedBy: `writer ${writer}` };
            return (await handle.replace(mine, over)) ? mine : undefined;
          }),
        );
        const won = wins.filter((win) => win !== undefined);
        expect(won).toHaveLength(1);
        expect((await records.read(IMAGE)).record).toEqual(won[0]);
      }
      await Promise.all(handles.map((handle) => handle.close()));
    });

    it('lets one of fifty writers write the first record', async () => {
      const wins = await Promise.all(
        Array.from({ length: WRITERS }, async (_, writer) => {
          const over = { image: IMAGE, known: false };
          return records.replace({ ...FULL, startedBy: `writer ${writer}` }, over);
        }),
      );
      expect(wins.filter(Boolean)).toHaveLength(1);
      const { record: found } = await records.read(IMAGE);
      expect(found?.startedBy).toBe(`writer ${wins.indexOf(true)}`);
    });

    it('keeps images apart, and lists them in order', async () => {
      const names = ['r.example/b:v1', 'r.example/a:v2', 'r.example/a:v1', 'r.example:5000/a/b:v1'];
      for (const image of names) await write({ image });
      const found = await records.list();
      expect(found.map(({ image }) => image)).toEqual(names.toSorted());
      expect(found.map((entry) => entry.record?.image)).toEqual(names.toSorted());
    });

    it('lists more than an answer has', async () => {
      const names = Array.from({ length: 230 }, (_, n) => `r.example/a:v${1000 + n}`);
      await Promise.all(names.map((image) => write({ image })));
      expect((await records.list()).map(({ image }) => image)).toEqual(names);
    });

    it('lists those of one repository, and of no other', async () => {
      const own = ['r.example/a/b:v1', 'r.example/a/b:v10', 'r.example/a/b:v2'];
      const others = [
        'r.example/a/b-c:v1',
        'r.example/a/b/c:v1',
        'r.example/a/ba:v1',
        'r.example/a:v1',
        'r.example:5000/a/b:v1',
      ];
      for (const image of [...own, ...others]) await write({ image });
      await damage('r.example/a/b:v2');
      const found = await records.ofRepository('r.example/a/b');
      const [first, second] = own.map((image) => ({ ...FULL, image }));
      expect(found).toEqual([
        { image: own[0], record: first, revision: expect.any(String), known: true },
        { image: own[1], record: second, revision: expect.any(String), known: true },
        { image: own[2], known: true },
      ]);
      expect(await records.ofRepository('r.example/a/c')).toEqual([]);
    });

    it('lists more of one repository than an answer has', async () => {
      const names = Array.from({ length: 120 }, (_, n) => `r.example/a:v${1000 + n}`);
      await Promise.all(names.map((image) => write({ image })));
      const found = await records.ofRepository('r.example/a');
      expect(found.map(({ image }) => image)).toEqual(names);
    });

    it('knows of a record that is gone that it was there', async () => {
      await write();
      await damage(IMAGE);
      expect(await records.read(IMAGE)).toEqual({ image: IMAGE, known: true });
      expect(await records.list()).toEqual([{ image: IMAGE, known: true }]);
      expect(await write({ version: 1 })).toBe(true);
    });

    it.each([
      ['no JSON', '{'],
      ['another shape', '{"version":1}'],
      ['an unknown state', JSON.stringify({ ...FULL, status: 'excellent' })],
      ['an unknown cause', JSON.stringify({ ...FULL, cause: 'mood' })],
      ['the record of another image', JSON.stringify({ ...FULL, image: 'r.example/other:v1' })],
      ['a time that is none', JSON.stringify({ ...FULL, openedAt: 'today' })],
      ['too many bytes', JSON.stringify({ ...FULL, startedBy: 'x'.repeat(70_000) })],
    ])('reports %s as a record that cannot be read, which can be replaced', async (_, text) => {
      await write();
      await damage(IMAGE, text);
      const entry = await records.read(IMAGE);
      expect(entry).toEqual({ image: IMAGE, revision: expect.any(String), known: true });
      expect(await records.list()).toEqual([entry]);
      expect(await records.replace({ ...FULL, version: 1 }, entry)).toBe(true);
      expect((await records.read(IMAGE)).record?.version).toBe(1);
    });

    it('removes what was read, and that it was there', async () => {
      await write();
      await write({ image: 'r.example/other:v1' });
      expect(await records.remove(await records.read(IMAGE))).toBe(true);
      expect(await records.read(IMAGE)).toEqual({ image: IMAGE, known: false });
      expect((await records.list()).map(({ image }) => image)).toEqual(['r.example/other:v1']);
      expect(await records.ofRepository('registry.example/app')).toEqual([]);
      expect(await write({ version: 1 })).toBe(true);
    });

    it('removes nothing that came after what was read', async () => {
      await write();
      const before = await records.read(IMAGE);
      await records.replace({ ...FULL, version: 8 }, before);
      expect(await records.remove(before)).toBe(false);
      expect((await records.read(IMAGE)).record?.version).toBe(8);
    });

    it('removes no record that began anew', async () => {
      await write({ version: 1 });
      const before = await records.read(IMAGE);
      await records.remove(before);
      await write({ version: 1 });
      expect(await records.remove(before)).toBe(false);
      expect((await records.read(IMAGE)).record?.version).toBe(1);
    });

    it('removes nothing of an image whose record is lost, or was never there', async () => {
      expect(await records.remove(await records.read(IMAGE))).toBe(false);
      await write();
      await damage(IMAGE);
      expect(await records.remove(await records.read(IMAGE))).toBe(false);
      expect(await records.read(IMAGE)).toEqual({ image: IMAGE, known: true });
    });

    it('lets a removal or a write win, and not both', async () => {
      for (let round = 0; round < 10; round += 1) {
        await write({ version: 1 });
        const over = await records.read(IMAGE);
        const other = await open();
        const [removed, replaced] = await Promise.all([
          records.remove(over),
          other.replace({ ...FULL, version: 2 }, over),
        ]);
        await other.close();
        expect([removed, replaced].filter(Boolean)).toHaveLength(1);
        const found = await records.read(IMAGE);
        expect(found.known).toBe(replaced);
        if (replaced) await records.remove(found);
      }
    });

    it('keeps what a later version added', async () => {
      await write();
      await damage(IMAGE, JSON.stringify({ ...FULL, colour: 'green' }));
      const before = await records.read(IMAGE);
      const next = { ...FULL, ...before.record, version: 8 };
      expect(await records.replace(next, before)).toBe(true);
      expect((await records.read(IMAGE)).record).toEqual({ ...FULL, version: 8, colour: 'green' });
    });

    it.each([
      ['what it could not read back', { openedAt: 'today' }, 'internal'],
      ['what is too large', { ignored: ['x'.repeat(65_000)] }, 'too-large'],
      [
        'too many ignored clusters',
        { ignored: Array.from({ length: 201 }, () => 'c') },
        'internal',
      ],
    ])('refuses to write %s', async (_, changes, code) => {
      await expect(write(changes)).rejects.toMatchObject({ code, retry: false });
      expect(await records.read(IMAGE)).toEqual({ image: IMAGE, known: false });
    });

    it('closes twice without complaint', async () => {
      await records.close();
      await expect(records.close()).resolves.toBeUndefined();
    });
  });
}
