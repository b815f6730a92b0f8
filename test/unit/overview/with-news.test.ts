import { describe, expect, it } from 'vitest';
import { withNews } from '#shared/overview/with-news.ts';
import { NO_TROUBLES } from '#shared/overview/present-row.ts';
import { B } from '#test/fixtures/digests.ts';
import { cluster, liveRow, rowIn, tallyOf, trouble } from '#test/fixtures/tally.ts';

const LATER = '2026-11-22T06:00:30.000Z';
const staged = { image: 'i', stage: 'early' };
const fleet = [
  cluster('a', [liveRow({ staged })]),
  cluster('b', [liveRow()]),
  cluster('c', [liveRow()], { phase: 'Unreachable' }),
];

describe('withNews()', () => {
  it('leaves a count as it is where nothing was published since', () => {
    const tally = tallyOf(fleet);
    expect(withNews(tally, NO_TROUBLES)).toBe(tally);
    expect(withNews(tally, trouble('untrusted', '2026-11-22T05:59:00.000Z'))).toBe(tally);
  });

  it('moves all that follow the image, but for those that are out of reach', () => {
    const tally = withNews(tallyOf(fleet), trouble('untrusted', LATER));
    expect(tally.phases).toEqual({ Reachable: 2, Unreachable: 1, Unknown: 1, Rejected: 2 });
    expect(tally.unwell).toBe(tallyOf(fleet).unwell + 2);
    expect(tally.causes.map(({ kind, syncs }) => [kind, syncs])).toEqual([
      ['untrusted', 2],
      ['unreachable', 1],
    ]);
    expect(tally.images).toMatchObject([
      {
        verdict: 'untrusted',
        since: LATER,
        phases: { Unknown: 1, Rejected: 2 },
        stages: [{ stage: 'early', phases: { Rejected: 1 } }],
      },
    ]);
  });

  it('counts what is under break-glass once, before and after', () => {
    const tally = tallyOf([
      cluster('a', [liveRow({ breakGlass: `${B} INC-7` })]),
      cluster('b', [liveRow()]),
      cluster('c', [liveRow({ breakGlass: `${B} INC-7` })], { phase: 'Unreachable' }),
    ]);
    expect(tally.unwell).toBe(3);
    const news = withNews(tally, trouble('untrusted', LATER));
    expect(news.unwell).toBe(4);
    expect(withNews(news, trouble('unsigned', LATER)).unwell).toBe(4);
    const earlier = tally.images.map((image) => {
      const { unwell: _, ...others } = image;
      return others;
    });
    expect(
      withNews({ ...tally, unwell: 2, images: earlier }, trouble('untrusted', LATER)).unwell,
    ).toBe(4);
  });

  it('keeps what runs unapproved above what is only not trusted', () => {
    const tally = withNews(
      tallyOf([cluster('a', [rowIn('Unguarded')])]),
      trouble('unsigned', LATER),
    );
    expect(tally.causes.map(({ kind }) => kind)).toEqual(['unguarded', 'unsigned']);
  });
});
