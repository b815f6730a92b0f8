import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PersonFreeze } from '#shared/core/rollout/freezes.ts';
import type { Freezes } from '#shared/records/freezes.ts';
import { MAX_FREEZES } from '#shared/records/freezes-schema.ts';

export interface FreezesUnderTest {
  readonly name: string;
  /** Opens the freezes of one test again and again: every call sees what the others wrote. */
  readonly open: () => Promise<Freezes>;
  /** Writes raw text where the freezes are; without a text, deletes them. */
  readonly damage: (text?: string) => Promise<void>;
}

const WRITERS = 50;

/** A freeze with every field that one can have. */
const FULL: PersonFreeze = {
  id: 'f-1a2b3c4d',
  by: 'ops@acme.example',
  reason: 'INC-7 “ümläut”',
  at: '2026-11-29T10:00:00.000Z',
  image: 'registry.example/app:v1',
  clusters: 'env in (prod, staging)',
  until: '2026-12-01T10:00:00.000Z',
  saidAt: '2026-11-29T10:00:00.000Z',
};

/** What freezes must do, whatever they are kept in. */
export function freezesContract({ name, open, damage }: FreezesUnderTest): void {
  describe(`freezes contract: ${name}`, () => {
    let freezes: Freezes;
    beforeEach(async () => {
      freezes = await open();
    });
    afterEach(() => freezes?.close());

    async function write(...some: readonly PersonFreeze[]): Promise<boolean> {
      return freezes.replace(some, await freezes.read());
    }

    it('has none where there never were any', async () => {
      expect(await freezes.read()).toEqual({ freezes: [], lost: false });
    });

    it('reads back what was written, through another handle too', async () => {
      const later = { ...FULL, id: 'f-2', added: 'by a later version' };
      expect(await write(FULL, later)).toBe(true);
      const other = await open();
      for (const handle of [freezes, other]) {
        const found = { freezes: [FULL, later], lost: false, revision: expect.any(String) };
        expect(await handle.read()).toEqual(found);
      }
      await other.close();
    });

    it('replaces what was read, and nothing that came after it', async () => {
      const none = await freezes.read();
      await write(FULL);
      const before = await freezes.read();
      expect(await freezes.replace([{ ...FULL, id: 'f-2' }], none)).toBe(false);
      expect(await freezes.replace([], before)).toBe(true);
      expect(await freezes.replace([{ ...FULL, id: 'f-3' }], before)).toBe(false);
      expect((await freezes.read()).freezes).toEqual([]);
    });

    it('has none left once the last is lifted, and does not call that a loss', async () => {
      await write(FULL);
      await write();
      expect(await freezes.read()).toMatchObject({ freezes: [], lost: false });
    });

    it('knows that freezes are lost, also where none was in place', async () => {
      await write();
      await damage();
      expect(await freezes.read()).toEqual({ freezes: [], lost: true });
      expect(await write(FULL)).toBe(true);
      expect(await freezes.read()).toMatchObject({ freezes: [FULL], lost: false });
    });

    it.each([
      ['no JSON', '[{'],
      ['no list', '{}'],
      ['a freeze without its author', JSON.stringify([{ ...FULL, by: undefined }])],
      ['a time that is none', JSON.stringify([{ ...FULL, until: 'tomorrow' }])],
      ['too many', JSON.stringify(Array.from({ length: MAX_FREEZES + 1 }, () => FULL))],
      ['too much', JSON.stringify([{ ...FULL, reason: 'x'.repeat(800_000) }])],
    ])('takes %s for a loss, and can be written over', async (_, text) => {
      await write(FULL);
      const before = await freezes.read();
      await damage(text);
      const found = await freezes.read();
      expect(found).toEqual({ freezes: [], lost: true, revision: expect.any(String) });
      expect(await freezes.replace([], before)).toBe(false);
      expect(await freezes.replace([FULL], found)).toBe(true);
    });

    it('refuses one too many, and leaves the others', async () => {
      const many = Array.from({ length: MAX_FREEZES }, (_, n) => ({ ...FULL, id: `f-${n}` }));
      expect(await write(...many)).toBe(true);
      await expect(write(...many, FULL)).rejects.toMatchObject({ code: 'too-large', retry: false });
      expect((await freezes.read()).freezes).toEqual(many);
    });

    it.each([
      ['the first', false],
      ['each', true],
    ])('lets one of fifty writers win %s write', async (_, isAfter) => {
      if (isAfter) await write(FULL);
      const over = await freezes.read();
      const wins = await Promise.all(
        Array.from({ length: WRITERS }, (__, writer) =>
          freezes.replace([{ ...FULL, id: `f-${writer}` }], over),
        ),
      );
      expect(wins.filter(Boolean)).toHaveLength(1);
      expect((await freezes.read()).freezes[0]?.id).toBe(`f-${wins.indexOf(true)}`);
    });

    it('loses none of fifty freezes that come at once', async () => {
      const handles = await Promise.all(Array.from({ length: 5 }, open));
      async function add(writer: number): Promise<void> {
        const handle = handles[writer % handles.length] ?? freezes;
        const over = await handle.read();
        const mine = { ...FULL, id: `f-${writer}` };
        if (!(await handle.replace([...over.freezes, mine], over))) await add(writer);
      }
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => add(writer)));
      const { freezes: all } = await freezes.read();
      expect(new Set(all.map(({ id }) => id)).size).toBe(WRITERS);
      await Promise.all(handles.map((handle) => handle.close()));
    });
  });
}
