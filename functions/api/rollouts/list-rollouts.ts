import { defined } from '#shared/core/defined.ts';
import { tryReference } from '#shared/core/reference.ts';
import type { RolloutState } from '#shared/core/rollout/record.ts';
import type { Freeze, Window } from '#shared/core/rollout/windows.ts';
import { nextOpening } from '#shared/core/rollout/windows.ts';
import type { NextOpening } from '#shared/core/rollout/say-now.ts';
import type { Entry } from '#shared/records/records.ts';
import { formatCursor, parseCursor } from '../cursor.ts';
import { type ImageFilter, imageFilter } from '../image-filter.ts';
import { DEFAULT_PAGE } from '../limits.ts';
import type { StagedDeps } from './deps.ts';
import { rolloutOf } from './find-rollout.ts';
import { freezeNow } from './freeze-now.ts';
import type { RolloutPage, RolloutsQuery } from './operation.ts';
import { viewBrief } from './view-rollout.ts';

/** One page of the roll-outs that are asked for, in order of their images. Throws `bad-request`, `bad-reference`. */
export async function listRollouts(query: RolloutsQuery, deps: StagedDeps): Promise<RolloutPage> {
  const { status, limit, cursor } = query;
  const image = imageFilter(query.image);
  const [after] = cursor === undefined ? [] : parseCursor(cursor);
  const { records } = deps.staging;
  const { repository } = image;
  const known = await (repository === undefined
    ? records.list()
    : records.ofRepository(repository));
  const entries = known
    .filter((entry) => after === undefined || entry.image > after)
    .filter((entry) => isOf(entry, image))
    .filter(({ record }) => status === undefined || record?.status === status)
    .toSorted((a, b) => (a.image < b.image ? -1 : 1));
  const page = entries.slice(0, limit === undefined ? DEFAULT_PAGE : Number(limit));
  const last = entries.length > page.length ? page.at(-1) : undefined;
  return {
    ...(await viewPage(page, deps)),
    ...defined({ next: last && formatCursor([last.image]) }),
  };
}

/** The first roll-outs that are in motion or stopped, how many more there are, and how many images are known. */
export async function listInMotion(
  limit: number,
  deps: StagedDeps,
): Promise<
  Pick<RolloutPage, 'rollouts' | 'lost'> & { readonly more: number; readonly known: number }
> {
  const entries = await deps.staging.records.list();
  const moving = entries.filter(
    ({ record }) => record === undefined || !AT_REST.has(record.status),
  );
  const page = moving.slice(0, limit);
  const more = moving.length - page.length;
  return { ...(await viewPage(page, deps)), more, known: entries.length };
}

/** States in which nothing goes on, and no person has to act. */
const AT_REST: ReadonlySet<RolloutState> = new Set(['completed', 'rolled-back', 'retired']);

async function viewPage(
  page: readonly Entry[],
  deps: StagedDeps,
): Promise<Pick<RolloutPage, 'rollouts' | 'lost'>> {
  const shared = { ...(await freezeNow(deps)), opening: shareOpenings() };
  const found = page.flatMap((entry) => rolloutOf(entry, shared) ?? []);
  return {
    rollouts: await Promise.all(found.map((one) => viewBrief(one, shared))),
    lost: page.flatMap(({ image, record }) => (record === undefined ? [image] : [])),
  };
}

function isOf({ image, record }: Entry, { repository, tag, digest }: ImageFilter): boolean {
  if (repository === undefined) return true;
  const reference = tryReference(image);
  if (reference?.repository !== repository) return false;
  if (tag !== undefined && reference.tag !== tag) return false;
  return digest === undefined || record?.digest === digest || record?.next?.digest === digest;
}

/** A search for the next opening costs milliseconds, and many roll-outs wait for the same one. */
function shareOpenings(): NextOpening {
  const found = new Map<readonly Window[] | undefined, Map<string, Date | undefined>>();
  return (windows, freezes, from) => {
    const byFreezes = found.get(windows) ?? new Map<string, Date | undefined>();
    found.set(windows, byFreezes);
    const key = freezes.map(({ name }: Freeze) => name).join('\n');
    if (!byFreezes.has(key)) byFreezes.set(key, nextOpening(windows, freezes, from));
    return byFreezes.get(key);
  };
}
