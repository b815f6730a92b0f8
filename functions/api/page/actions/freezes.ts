import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { checkShape } from '#shared/http/read-json.ts';
import { sayFrozen } from '#shared/rollouts/freeze-events.ts';
import { requireInvoker } from '../../check-person.ts';
import { liftFreeze, setFreeze } from '../../freezes/change-freeze.ts';
import { type FreezeAnswer, FreezeBody, UnfreezeQuery } from '../../freezes/operation.ts';
import { numberOf } from '../../overview/sentences.ts';
import type { StagedDeps } from '../../rollouts/deps.ts';
import type { Acting, Action, Form, Preview } from './action.ts';

function mayInvoke({ mayInvoke: may }: Acting['person']): boolean {
  return may;
}

/** Keeps new digests away from many clusters. */
export const FREEZE: Action = {
  name: 'freeze',
  label: 'Freeze',
  about:
    'Approve nothing new until this is lifted. What is approved stays approved; withdrawals and ways back go through.',
  fields: [
    { name: 'image', label: 'Image; empty: all of them', max: 1_024 },
    {
      name: 'clusters',
      label: 'Labels of the clusters; empty: all of them',
      max: 1_024,
      placeholder: 'env = prod',
    },
    { name: 'until', label: 'Until (UTC); empty: until a person lifts it', kind: 'time' },
  ],
  grave: true,
  may: mayInvoke,
  async preview(form, acting) {
    return previewOf(await freeze(form, true, acting), 'would wait');
  },
  async run(form, acting) {
    await freeze(form, false, acting);
    return '/freezes?done=freeze';
  },
};

/** Lets new digests in again. */
export const UNFREEZE: Action = {
  name: 'unfreeze',
  label: 'Lift the freeze',
  about: 'What waited is approved from the next sweep on.',
  fields: [{ name: 'id', label: 'Freeze', required: true, given: true, max: 512 }],
  may: mayInvoke,
  async preview(form, acting) {
    return previewOf(await lift(form, true, acting), 'would go on');
  },
  async run(form, acting) {
    await lift(form, false, acting);
    return '/freezes?done=unfreeze';
  },
};

async function freeze(form: Form, dryRun: boolean, acting: Acting): Promise<FreezeAnswer> {
  const { person, key, deps, log } = acting;
  requireInvoker(person);
  const { until, ...fields } = form;
  // As a browser writes a time without a zone; its label says that it is UTC.
  const ends = until !== undefined && /T\d\d:\d\d$/.test(until) ? `${until}:00Z` : until;
  const body = { ...fields, ...(ends === undefined ? {} : { until: ends }), dryRun };
  return setFreeze(checkShape(FreezeBody, body, 'form'), { person, key }, stagedOf(deps), log);
}

async function lift(
  { id = '', ...form }: Form,
  dryRun: boolean,
  acting: Acting,
): Promise<FreezeAnswer> {
  const { person, deps, log } = acting;
  requireInvoker(person);
  const query = checkShape(UnfreezeQuery, { ...form, dryRun: `${dryRun}` }, 'form');
  const lifted = await liftFreeze(id, query, { person }, stagedOf(deps), log);
  if (lifted !== undefined) return lifted;
  throw new CountersignError('bad-request', 'No freeze has this id: it was lifted, or has ended');
}

function stagedOf({ staged }: Acting['deps']): StagedDeps {
  if (staged !== undefined) return staged;
  throw new CountersignError(
    'bad-request',
    'A freeze is kept with the records: set records in the config',
  );
}

function previewOf({ freeze: of, touched }: FreezeAnswer, then: string): Preview {
  const who =
    touched === undefined
      ? 'how many that are could not be counted'
      : `${numberOf(touched.syncs, 'RSync')} on ${numberOf(touched.clusters, 'cluster')} are meant, ${touched.waiting} of them wait now`;
  return { sentence: `${sayFrozen(defined(of))} ${then}: ${who}`, touched: [] };
}
