import { describe, expect, it } from 'vitest';
import { printViews } from '#functions/cli/output/print-view.ts';
import { watch } from '#functions/cli/output/watch.ts';

const slept: number[] = [];

async function watched(
  rows: number | undefined,
  texts: readonly string[],
  periodMs = 5_000,
): Promise<string> {
  let out = '';
  let looks = 0;
  const code = await watch({
    look: async () => ({ text: texts[looks++] ?? '', code: looks }),
    out: (text) => (out += text),
    ...(rows === undefined ? {} : { rows: () => rows }),
    periodMs,
    now: () => new Date('2026-11-29T16:03:00Z'),
    sleep: async (milliseconds) => void slept.push(milliseconds),
    goesOn: () => looks < texts.length,
  });
  expect(code).toBe(texts.length);
  return out;
}

describe('watch', () => {
  it('writes a block for each look where there is no terminal', async () => {
    expect(await watched(undefined, ['one\n', 'two\n'])).toBe(
      '2026-11-29 16:03 UTC, every 5 s\none\n\n2026-11-29 16:03 UTC, every 5 s\ntwo\n\n',
    );
  });

  it('looks no sooner where the time is longer than a timer of Node', async () => {
    await watched(undefined, ['one', 'two'], 2 ** 31);
    expect(slept.at(-1)).toBe(2 ** 31 - 1);
  });

  it('draws each look over the one before on a terminal, and no line that has no room', async () => {
    const out = await watched(6, ['one\n', 'a\nb\nc\nd\ne\n']);
    const frames = out.split('\u001b[H').slice(1);
    expect(frames).toHaveLength(2);
    expect(frames[0]).toContain('one\u001b[K\n\u001b[J');
    expect(frames[1]?.split('\n').length).toBeLessThanOrEqual(6);
    expect(frames[1]).toContain('and 3 more lines');
  });
});

describe('printViews', () => {
  const view = { value: { a: 1 }, lines: () => ['one', 'two', 'three'], names: () => ['n'] };
  const printing = {
    format: 'table',
    colour: false,
    quiet: false,
    columns: 80,
    rows: 2,
    now: () => new Date(0),
  } as const;

  async function print(changes: object): Promise<{ out: string; paged: string }> {
    let out = '';
    let paged = '';
    await printViews([view], {
      ...printing,
      out: (text) => (out += text),
      page: async (text) => {
        paged = text;
        return true;
      },
      ...changes,
    });
    return { out, paged };
  }

  it('pages what is longer than the terminal, and nothing else', async () => {
    expect(await print({})).toEqual({ out: '', paged: 'one\ntwo\nthree\n' });
    expect(await print({ rows: 4 })).toEqual({ out: 'one\ntwo\nthree\n', paged: '' });
  });

  it('writes it where there is no pager', async () => {
    expect(await print({ page: async () => false })).toMatchObject({ out: 'one\ntwo\nthree\n' });
    expect(await print({ page: undefined })).toMatchObject({ out: 'one\ntwo\nthree\n' });
  });

  it('leaves tables out where it is to be quiet, and no JSON', async () => {
    expect(await print({ quiet: true })).toEqual({ out: '', paged: '' });
    expect(await print({ quiet: true, format: 'name', rows: 9 })).toMatchObject({ out: 'n\n' });
  });
});
