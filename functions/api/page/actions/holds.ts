import { CountersignError } from '#shared/core/errors.ts';
import { cleanLine } from '#shared/core/foreign-text.ts';
import { requireInvoker } from '../../check-person.ts';
import { orderHolds } from '../../holds/order-holds.ts';
import type { HoldsOrdered } from '../../holds/operation.ts';
import { numberOf } from '../../overview/sentences.ts';
import { linkOf } from '../words.ts';
import type { Acting, Action, Field, Form, Preview } from './action.ts';

const PLACE: readonly Field[] = [
  { name: 'cluster', label: 'Cluster', required: true, max: 512 },
  {
    name: 'sync',
    label: 'RSync; empty: all that the cluster has now',
    max: 512,
    placeholder: 'RootSync/root-sync',
  },
];

/** Keeps new digests away from one RSync, or from those of a cluster. */
export const HOLD = holdAction('hold', {
  label: 'Hold',
  about: 'Keep new digests away from here until this is lifted. What is approved stays approved.',
  fields: [...PLACE, { name: 'until', label: 'Meant until (UTC)', kind: 'time' }],
});

/** Lets new digests in again. */
export const UNHOLD = holdAction('unhold', {
  label: 'Lift the hold',
  about: 'New digests are let in again, once a look at the cluster has taken the hold away.',
  fields: PLACE,
});

function holdAction(
  name: 'hold' | 'unhold',
  shown: Pick<Action, 'label' | 'about' | 'fields'>,
): Action {
  const does = name === 'hold' ? 'hold' : 'lift';
  return {
    ...shown,
    name,
    grave: name === 'hold',
    may: ({ mayInvoke }) => mayInvoke,
    async preview(form, acting) {
      return previewOf(await order(does, form, true, acting), does);
    },
    async run(form, acting) {
      await order(does, form, false, acting);
      const { cluster, sync } = form;
      return sync === undefined
        ? linkOf('/freezes', { done: name })
        : linkOf('/explain', { cluster, sync, done: name });
    },
  };
}

async function order(
  does: 'hold' | 'lift',
  { cluster = '', sync, reason = '', until }: Form,
  dryRun: boolean,
  { person, key, deps, log }: Acting,
): Promise<HoldsOrdered> {
  requireInvoker(person);
  const orders = deps.staging?.orders;
  if (orders === undefined) {
    throw new CountersignError(
      'bad-request',
      'The config names no records, in which a hold is ordered',
    );
  }
  const ends = until !== undefined && /T\d\d:\d\d$/.test(until) ? `${until}:00Z` : until;
  const asked = { does, cluster, sync, reason, until: ends, dryRun, person, key };
  const ordered = await orderHolds(asked, { ...deps, orders }, log);
  if (ordered !== undefined) return ordered;
  throw new CountersignError('bad-request', 'This cluster has no such RSync');
}

function previewOf({ cluster, syncs, asked }: HoldsOrdered, does: 'hold' | 'lift'): Preview {
  const would = does === 'hold' ? 'would be held' : 'would be held no more';
  const seen = asked
    ? ''
    : '; the cluster does not answer, so that these are those of the last look';
  const sentence =
    syncs.length === 0
      ? `It is so already${seen}`
      : `${numberOf(syncs.length, 'RSync')} of ${cluster} ${would}${seen}`;
  return {
    sentence,
    touched: syncs.map(({ sync, before }) => ({
      cluster,
      sync,
      word: does === 'hold' ? 'held' : 'free',
      tone: does === 'hold' ? 'wait' : 'ok',
      text: before === undefined ? '' : `before: ${cleanLine(before)}`,
    })),
  };
}
