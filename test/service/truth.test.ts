import { describe, expect, it } from 'vitest';
import { runHistories } from '#test/truth/campaign.ts';
import { drawHistory, runHistory } from '#test/truth/history.ts';

/** A few of every kind of report; `test/e2e/truth` lives through more, and `npm run test:truth` is the campaign itself. */
const HISTORIES = 5;

describe('a short campaign about what is reported', () => {
  it('finds nothing false, missed, doubled or shown wrong', async () => {
    const { figures, failed } = await runHistories(1, HISTORIES);
    expect(failed).toEqual([]);
    expect(figures).toMatchObject({ false: 0, missed: 0, doubled: 0, shown: 0 });
    expect(figures.episodes).toBeGreaterThan(HISTORIES);
    expect(figures.compared).toBeGreaterThan(HISTORIES);
  });

  it('lives through a history the same way again, and through another one otherwise', async () => {
    const [first, again, other] = [
      await runHistory(drawHistory(7)),
      await runHistory(drawHistory(7)),
      await runHistory(drawHistory(8)),
    ];
    expect(again.trace).toBe(first.trace);
    expect(other.trace).not.toBe(first.trace);
  });
});
