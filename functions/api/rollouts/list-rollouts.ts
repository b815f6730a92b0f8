import { defined } from '#shared/core/defined.ts';
import { tryReference } from '#shared/core/reference.ts';
import { hasEnded } from '#shared/core/rollout/moving.ts';
import type { Freeze, Window } from '#shared/core/rollout/windows.ts';
import { nextOpening } from '#shared/core/rollout/windows.ts';
import type { NextOpening } from '#shared/core/rollout/say-now.ts';
import type { Entry } from '#shared/records/records.ts';
import type { Tally } from '#shared/store/store.ts';
import { formatCursor, parseCursor } from '../cursor.ts';
import { type ImageFilter, imageFilter } from '../image-filter.ts';
import { DEFAULT_PAGE } from '../limits.ts';
import type { StagedDeps } from './deps.ts';
import { rolloutOf } from './find-rollout.ts';
import { freezeNow } from './freeze-now.ts';
import type { RolloutPage, RolloutsQuery } from './operation.ts';
import { briefOf, viewBrief } from './view-rollout.ts';

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

/** Roll-outs that are in motion or stopped. */
export interface Motion extends Pick<RolloutPage, 'rollouts' | 'lost'> {
  /** How many there are beside them. */
  readonly more: number;
  /** Images that have a record. */
  readonly known: number;
}

/**
 * The first roll-outs that are in motion or stopped. `tallied`: how far a sweep has found them, where the fleet is too
 * large to be counted by a request.
 */
export async function listInMotion(
  limit: number,
  deps: StagedDeps,
  tallied?: Tally['rollouts'],
): Promise<Motion> {
  const entries = await deps.staging.records.list();
  const moving = entries.filter(({ record }) => record === undefined || !hasEnded(record));
  const page = moving.slice(0, limit);
  const more = moving.length - page.length;
  const viewed = tallied === undefined ? await viewPage(page, deps) : viewTallied(page, tallied);
  return { ...viewed, more, known: entries.length };
}

/** As the last sweep counted them. What was decided since is in the record, and its clusters are not counted yet. */
function viewTallied(
  page: readonly Entry[],
  tallied: Tally['rollouts'],
): Pick<RolloutPage, 'rollouts' | 'lost'> {
  const known = new Map(tallied.map((one) => [one.id, one]));
  return {
    rollouts: page.flatMap(({ record }) => {
      if (record === undefined) return [];
      const { stages = [], message = '', version } = known.get(record.id) ?? {};
      const said = version === record.version ? message : `${SINCE_THEN} ${message}`.trim();
      return [{ ...briefOf(record), stages: stages.map((stage) => ({ ...stage })), message: said }];
    }),
    lost: lostOf(page),
  };
}

const SINCE_THEN = 'It has changed since it was counted, which the next sweep does.';

function lostOf(page: readonly Entry[]): string[] {
  return page.flatMap(({ image, record }) => (record === undefined ? [image] : []));
}

async function viewPage(
  page: readonly Entry[],
  deps: StagedDeps,
): Promise<Pick<RolloutPage, 'rollouts' | 'lost'>> {
  const shared = { ...(await freezeNow(deps)), opening: shareOpenings() };
  const found = page.flatMap((entry) => rolloutOf(entry, shared) ?? []);
  return {
    rollouts: await Promise.all(found.map((one) => viewBrief(one, shared))),
    lost: lostOf(page),
  };
}

function isOf({ image, record }: Entry, { repository, tag, digest }: ImageFilter): boolean {
  if (repository === undefined) return true;
  const reference = tryReference(image);
  if (reference?.repository !== repository) return false;
  // Of versions the record has one name, and people have the tags.
  const { releases = {}, next } = record ?? {};
  const tags = [...Object.values(releases), next?.release].map((release) => release?.tag);
  if (tag !== undefined && ![reference.tag, ...tags].includes(tag)) return false;
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
