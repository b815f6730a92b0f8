import { CountersignError } from '#shared/core/errors.ts';
import { checkShape } from '#shared/http/read-json.ts';
import { numberOf, shortDigest } from '../../overview/sentences.ts';
import { ResyncBody, type ResyncPreview } from '../../resync/operation.ts';
import { previewResync } from '../../resync/preview-resync.ts';
import { requestOnce } from '../../resync/request-resync.ts';
import { requireInvoker } from '../../check-person.ts';
import { linkOf } from '../words.ts';
import type { Action, Preview, Touched } from './action.ts';

/** Has clusters looked at now. */
export const RESYNC: Action = {
  name: 'resync',
  label: 'Resync',
  about:
    'Look at clusters now. With an image and a digest, that digest is approved, if it verifies, before its tag moves to it.',
  fields: [
    { name: 'image', label: 'Image; empty: all of them', max: 1_024 },
    { name: 'digest', label: 'Digest, to approve ahead of its tag', max: 71 },
    { name: 'cluster', label: 'Cluster; empty: all of them', max: 512 },
    { name: 'sync', label: 'RSync; empty: all of them', max: 512 },
  ],
  may: ({ mayInvoke }) => mayInvoke,
  async preview(form, { person, deps }) {
    requireInvoker(person);
    return previewOf(await previewResync(checkShape(ResyncBody, form, 'form'), deps));
  },
  async run(form, { person, key, deps, log }) {
    const body = checkShape(ResyncBody, form, 'form');
    const outcome = await requestOnce({ body, person, key }, deps, log);
    if (outcome.status !== 'accepted') throw new CountersignError('bad-request', outcome.message);
    const { cluster, sync, image } = body;
    if (cluster !== undefined && sync !== undefined) {
      return linkOf('/explain', { cluster, sync, done: 'resync' });
    }
    return linkOf('/fleet', { cluster, image, done: 'resync' });
  },
};

function previewOf({ clusters, looked, syncs, unread }: ResyncPreview): Preview {
  const changing = syncs.filter(({ change }) => change !== 'none').length;
  return {
    sentence: `${numberOf(clusters, 'cluster')} would be looked at; of ${numberOf(looked, 'cluster')} that ${looked === 1 ? 'was' : 'were'} asked now, ${numberOf(changing, 'RSync')} would change`,
    touched: [
      ...syncs.map(touchedOf),
      ...unread.map(
        ({ cluster, message }): Touched => ({
          cluster,
          word: 'not read',
          tone: 'bad',
          text: message,
        }),
      ),
    ],
  };
}

function touchedOf({
  cluster,
  sync,
  change,
  from,
  to,
  pin,
  why,
}: ResyncPreview['syncs'][number]): Touched {
  const tone = change === 'none' ? 'none' : change === 'unknown' ? 'bad' : 'wait';
  const moved =
    to === undefined || to === from
      ? ''
      : `${from === undefined ? '' : `${shortDigest(from)} → `}${shortDigest(to)}. `;
  const pinned = pin === undefined ? '' : `Pins ${pin}. `;
  return { cluster, sync, word: change, tone, text: `${moved}${pinned}${why}` };
}
