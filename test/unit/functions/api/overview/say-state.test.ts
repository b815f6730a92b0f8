import { expect, it } from 'vitest';
import type { Need } from '#functions/api/overview/operation.ts';
import { sayState } from '#functions/api/overview/say-state.ts';
import { cluster, liveRow, rowIn, tallyOf } from '#test/fixtures/tally.ts';

/** One that cannot be settled: its phase says that it only waits. */
const UNSETTLED: Need = {
  kind: 'unsettled',
  severity: 'warning',
  title: 'It cannot be looked at',
  clusters: 1,
  syncs: 1,
  examples: [],
};

it.each([
  ['Pending', '2 RSyncs on 1 cluster: 1 Pending'],
  ['Approved', '2 RSyncs on 1 cluster: 1 Approved'],
  ['Synced', '2 RSyncs on 1 cluster: all run what is approved'],
] as const)('says of one that is %s and in trouble where it stands', (phase, headline) => {
  const tally = tallyOf([cluster('c', [liveRow(), rowIn(phase, { sync: 'RootSync/other' })])]);
  const said = sayState({ tally, needs: [UNSETTLED] });
  expect(said).toMatchObject({ state: 'unwell', headline });
  expect(said.sentence).toBe(`${headline}. First: ${UNSETTLED.title}`);
});
