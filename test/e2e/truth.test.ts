import { expect, it } from 'vitest';
import { runHistories } from '#test/truth/campaign.ts';

/** Those after the few that `npm test` lives through; `npm run test:truth` is the campaign itself. */
const FIRST = 16;
const HISTORIES = 25;

it('a campaign about what is reported finds nothing false, missed, doubled or shown wrong', async () => {
  const { figures, failed } = await runHistories(FIRST, HISTORIES);
  expect(failed).toEqual([]);
  expect(figures).toMatchObject({ false: 0, missed: 0, doubled: 0, shown: 0 });
});
