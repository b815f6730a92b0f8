import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { tryReference } from '#shared/core/reference.ts';
import { streamOf, versionsOf } from '#shared/core/track/stream.ts';
import { checkShape } from '#shared/http/read-json.ts';
import { explainSync } from '../explain/explain-sync.ts';
import { ExplainQuery } from '../explain/operation.ts';
import { FleetQuery } from '../fleet/operation.ts';
import { readSnapshot } from '../fleet/read-snapshot.ts';
import { readRequest } from '../fleet/request.ts';
import { readList } from '../freezes/change-freeze.ts';
import type { ApiEnv } from '../guard.ts';
import { HistoryRequest } from '../history/operation.ts';
import { listHolds } from '../holds/list-holds.ts';
import { MAX_PAGE } from '../limits.ts';
import type { Overview } from '../overview/operation.ts';
import { findRollout } from '../rollouts/find-rollout.ts';
import { listInMotion, listRollouts, type Motion } from '../rollouts/list-rollouts.ts';
import { RolloutPath, RolloutsQuery } from '../rollouts/operation.ts';
import { viewRollout } from '../rollouts/view-rollout.ts';
import { ImageName } from '../schema.ts';
import { sayDone } from './actions/actions.ts';
import { answerPage, readFields } from './answer-page.ts';
import { fleetPage } from './fleet/fleet-page.ts';
import { helpPage } from './help-page.ts';
import { historyPage } from './history/history-page.ts';
import { digestsOverTime } from './image/digests-over-time.ts';
import { imagePage } from './image/image-page.ts';
import { imagesPage } from './image/images-page.ts';
import { wayBackOf } from './image/way-back.ts';
import { overviewPage } from './overview/overview-page.ts';
import type { PageDeps } from './page-deps.ts';
import { eventsOfImage, eventsOfSync, read, readDay } from './read-views.ts';
import { freezesPage } from './rollouts/freezes-page.ts';
import { rolloutPage } from './rollouts/rollout-page.ts';
import { rolloutsPage } from './rollouts/rollouts-page.ts';
import { syncPage } from './sync/sync-page.ts';

/** Roll-outs that the first screen has room for. */
const MAX_SHOWN = 6;
const Part = z.string().regex(/^[1-9][0-9]?$/);
const Done = z.string().max(32).optional();
const First = z.strictObject({ needs: z.literal('all').optional(), done: Done });

type Around = (c: Context<ApiEnv>) => Promise<Overview | undefined>;

/** Mounts every view; each has a URL of its own, and a GET changes nothing. */
export function mountViews(api: OpenAPIHono<ApiEnv>, deps: PageDeps, around: Around): void {
  const now = (): Date => deps.now();

  api.get('/', (c) =>
    answerPage(c, async () => {
      const { needs, done } = checkShape(First, readFields(c.req.query()), 'query');
      const overview = await deps.overview(c.get('log'));
      return overviewPage({
        overview,
        motion: await readMotion(c, deps),
        person: c.get('person'),
        now: now(),
        all: needs === 'all',
        done: sayDone(done),
      });
    }),
  );
  api.get('/fleet', (c) =>
    answerPage(c, async () => {
      const { part, done, ...rest } = readFields(c.req.query());
      const query = checkShape(FleetQuery, rest, 'query');
      const at = part === undefined ? 1 : Number(checkShape(Part, part, 'query.part'));
      return fleetPage({
        answer: await readSnapshot(readRequest({ ...query, limit: `${MAX_PAGE}` }), deps),
        query,
        part: at,
        overview: await deps.overview(c.get('log')),
        person: c.get('person'),
        now: now(),
        done: sayDone(done),
      });
    }),
  );
  api.get('/images', (c) =>
    answerPage(c, async () => imagesPage(await deps.overview(c.get('log')), c.get('person'))),
  );
  api.get('/image', (c) =>
    answerPage(c, async () =>
      showImage(c, checkShape(ImageQuery, c.req.query(), 'query').image, deps),
    ),
  );
  api.get('/explain', (c) =>
    answerPage(c, async () => {
      const { done, ...rest } = readFields(c.req.query());
      const query = checkShape(ExplainQuery, rest, 'query');
      const explanation = await explainSync(query, deps);
      if (explanation === undefined)
        throw new CountersignError('cluster-not-found', 'This cluster has no such RSync');
      const record = await deps.store.readCluster(explanation.cluster);
      return syncPage({
        explanation,
        row: record?.syncs.find(({ sync }) => sync === query.sync),
        lookedAt: record?.lookedAt ?? record?.reconciledAt,
        events: await eventsOfSync(c, explanation, deps),
        person: c.get('person'),
        overview: await around(c),
        now: now(),
        done: sayDone(done),
      });
    }),
  );
  api.get('/rollouts', (c) =>
    answerPage(c, async () => {
      const query = checkShape(RolloutsQuery, readFields(c.req.query()), 'query');
      const page = deps.staged && (await listRollouts({ limit: '30', ...query }, deps.staged));
      return rolloutsPage({ page, person: c.get('person'), overview: await around(c) });
    }),
  );
  api.get('/rollout', (c) =>
    answerPage(c, async () => {
      const { done, ...rest } = readFields(c.req.query());
      const { id } = checkShape(RolloutPath, rest, 'query');
      const found = deps.staged && (await findRollout(id, deps.staged));
      if (deps.staged === undefined || found === undefined) {
        throw new CountersignError(
          'cluster-not-found',
          'No roll-out has this id: there was none, or a newer digest has replaced it',
        );
      }
      const rollout = await viewRollout(found, deps.staged);
      const shown = { person: c.get('person'), overview: await around(c), now: now() };
      return rolloutPage({ rollout, ...shown, done: sayDone(done) });
    }),
  );
  api.get('/freezes', (c) =>
    answerPage(c, async () => {
      const { done } = readFields(c.req.query());
      const holds = await listHolds({}, deps);
      return freezesPage({
        freezes: deps.staged && (await readList(deps.staged)),
        holds: holds.holds,
        unread: holds.unread ?? [],
        more: holds.next !== undefined,
        person: c.get('person'),
        overview: await around(c),
        now: now(),
        done: sayDone(done),
      });
    }),
  );
  api.get('/history', (c) =>
    answerPage(c, async () => {
      const request = checkShape(HistoryRequest, readFields(c.req.query()), 'query');
      const found = await read(request, deps);
      const day = await readDay(request, deps);
      if (found === undefined || day === undefined) {
        throw new CountersignError(
          'bad-request',
          'No history is kept: give the config `history` and `records`, and deploy the function history',
        );
      }
      return historyPage({
        request,
        found,
        day,
        person: c.get('person'),
        overview: await around(c),
        now: now(),
      });
    }),
  );
  api.get('/help', (c) => answerPage(c, async () => helpPage(c.get('person'), await around(c))));
}

const ImageQuery = z.strictObject({ image: ImageName });

async function showImage(c: Context<ApiEnv>, image: string, deps: PageDeps) {
  const overview = await deps.overview(c.get('log'));
  const events = await eventsOfImage(c, image, deps);
  const known = overview.images.find((one) => one.image === image);
  const repository = tryReference(image)?.repository ?? image;
  const rule = deps.rules.match(repository);
  const tracks = rule !== undefined && versionsOf(rule) !== undefined;
  const entries = deps.staged && (await deps.staging?.records.ofRepository(repository));
  const name = tracks ? streamOf(repository) : image;
  const record = entries?.find((one) => one.image === name)?.record;
  const motion =
    deps.staged && record && (await listRollouts({ image: name, limit: '1' }, deps.staged));
  const about = { record, digest: known?.digest, digests: digestsOverTime(events ?? []) };
  return imagePage({
    image,
    overview,
    rollout: motion?.rollouts[0],
    events,
    // A tag that is a version is none to be moved.
    wayBack: tracks && record === undefined ? undefined : wayBackOf(image, about),
    person: c.get('person'),
    now: deps.now(),
  });
}

/** Roll-outs beside the fleet: where they cannot be read, the fleet is shown all the same. */
async function readMotion(c: Context<ApiEnv>, deps: PageDeps): Promise<Motion | undefined> {
  if (deps.staged === undefined) return undefined;
  try {
    const { tally, swept } = await deps.tally();
    const { tallied } = defined({ tallied: swept ? tally.rollouts : undefined });
    return await listInMotion(MAX_SHOWN, deps.staged, tallied);
  } catch (error) {
    c.get('log').warn({ error: toFailure(error) }, 'Roll-outs cannot be shown');
    return undefined;
  }
}
