import type { Context } from 'hono';
import { defined } from '#shared/core/defined.ts';
import { toFailure } from '#shared/core/errors.ts';
import type { HistoryEntry, HistoryPage, HistoryRequest } from '../history/operation.ts';
import { listHistory } from '../history/list-history.ts';
import type { ApiEnv } from '../guard.ts';
import type { PageDeps } from './page-deps.ts';

/** Events that a view of one thing shows. */
const FEW = '20';
/** Of those of a cluster, most are of other RSyncs. */
const MANY = '300';
/** Of a day at a glance. */
const DAY = '1000';

/** Events of one RSync; undefined where no history is kept, or it cannot be read: the view has more to say. */
export async function eventsOfSync(
  c: Context<ApiEnv>,
  { cluster, sync }: { readonly cluster: string; readonly sync: string },
  deps: PageDeps,
): Promise<readonly HistoryEntry[] | undefined> {
  const found = await quietly(c, { cluster, limit: MANY }, deps);
  return found?.events.filter((event) => event.sync === sync).slice(0, Number(FEW));
}

/** Events of the verdicts of one image. */
export async function eventsOfImage(
  c: Context<ApiEnv>,
  image: string,
  deps: PageDeps,
): Promise<readonly HistoryEntry[] | undefined> {
  return (await quietly(c, { image, type: 'image', limit: MANY }, deps))?.events;
}

/** What happened in the last day, of a filter. Throws as `listHistory`. */
export function readDay(request: HistoryRequest, deps: PageDeps): Promise<HistoryPage | undefined> {
  const { image, cluster, actor, type } = request;
  return read({ ...defined({ image, cluster, actor, type }), since: '24h', limit: DAY }, deps);
}

/** A page of the history; undefined where none is kept. Throws as `listHistory`. */
export async function read(
  request: HistoryRequest,
  deps: PageDeps,
): Promise<HistoryPage | undefined> {
  const { kept } = deps;
  return kept && listHistory(request, { ...deps, ...kept });
}

async function quietly(
  c: Context<ApiEnv>,
  request: HistoryRequest,
  deps: PageDeps,
): Promise<HistoryPage | undefined> {
  try {
    return await read(request, deps);
  } catch (error) {
    c.get('log').warn({ error: toFailure(error) }, 'History cannot be shown');
    return undefined;
  }
}
