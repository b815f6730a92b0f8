import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { highestOf } from '#shared/core/track/choose.ts';
import { versionsOf } from '#shared/core/track/stream.ts';
import { withDeadline } from '#shared/net/within.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { inTurns } from '#shared/reconcile/in-turns.ts';
import {
  type ListVersionsDeps,
  type Stream,
  listVersions,
} from '#shared/reconcile/list-versions.ts';
import { trackText, trackerOf } from '#shared/reconcile/locate-version.ts';
import {
  type KnownSync,
  type Snapshot,
  repositoryOf,
  syncsOf,
} from '#shared/reconcile/snapshot.ts';
import { readTrackNote, writeListed } from '#shared/reconcile/track-notes.ts';
import type { SyncRow, TrackNote } from '#shared/store/store.ts';
import { type RemindWaitDeps, remindWait } from './remind-wait.ts';
import { rotate } from './rotate.ts';
import type { Fault } from './sweep-rollouts.ts';

/** Repositories that are listed at once, and of one host: one that hangs leaves a place to the others. */
const PLACES = { atOnce: 4, perGroup: 3 } as const;

/** For one: a hundred pages take longer only where the registry is in trouble, and then it decides nothing. */
const LIST_MS = 45_000;

/** After this no listing is begun: the next sweep begins with another repository. */
const ALL_MS = 30_000;

export interface ListStreamsDeps
  extends Omit<ListVersionsDeps, 'listTags'>,
    Pick<ImageDeps, 'rules' | 'store' | 'log'>,
    Omit<RemindWaitDeps, 'tracks'> {
  readonly listTags: ListVersionsDeps['listTags'];
  readonly settings: { readonly periodMs: number };
}

/** A stream that RSyncs follow, and what they have taken of it. */
interface Followed extends Stream {
  readonly followers: readonly KnownSync[];
  readonly taken: readonly NonNullable<TrackNote['floor']>[];
}

/**
 * Lists the versions of each repository of which any are followed, once in each period: what clusters and roll-outs choose
 * from. Returns what failed: the last listing goes on to count.
 *
 * @example
 * const faults = await listStreams(snapshot, deps);
 */
export async function listStreams(
  snapshot: Snapshot,
  deps: ListStreamsDeps,
): Promise<readonly Fault[]> {
  const { now, settings, log } = deps;
  const endsAt = now().getTime() + ALL_MS;
  const faults: Fault[] = [];
  const known = await Promise.all(
    streamsOf(snapshot, deps).map(async (stream) => ({
      stream,
      note: await readTrackNote(stream.kind, stream.repository, deps),
    })),
  );
  const due = known.filter(({ stream, note }) => isDue(stream, note, now(), settings.periodMs));

  async function list({ stream, note }: (typeof due)[number]): Promise<void> {
    if (now().getTime() > endsAt) return;
    const { kind, repository, rule } = stream;
    try {
      const listed = await withDeadline(LIST_MS, `Listing the tags of ${repository}`, () =>
        listVersions(stream, deps),
      );
      const floor = floorOf(stream, [listed, note], deps);
      const found = defined({ ...listed, floor });
      // Published before it is recorded: what fails in between is published again, with the same id.
      const waits = await remindWait(stream, found, note, deps);
      await writeListed(kind, repository, defined({ ...found, waits }), rule, deps);
      log.info({ repository, listed: listed.listed, matching: listed.matching }, 'Tags listed');
      if (!listed.complete) faults.push(cutFault(repository, listed.listed));
    } catch (error) {
      const { code, message } = toFailure(error);
      log.warn({ repository, error }, 'Tags could not be listed');
      faults.push({ code, message: `${repository}: ${message}` });
    }
  }

  // Not the longest ago first: what fails stays that, and would take the time of all others.
  await inTurns(rotate(due, now()), ({ stream }) => hostOf(stream), list, PLACES);
  return faults;
}

function cutFault(repository: string, listed: number): Fault {
  const { code, message } = new CountersignError(
    'too-large',
    `${repository} has more tags than the ${listed} that were listed, so that no version of it is chosen: remove old tags`,
  );
  return { code, message };
}

function streamsOf(snapshot: Snapshot, { rules }: Pick<ImageDeps, 'rules'>): readonly Followed[] {
  const rows = syncsOf(snapshot).filter(({ row }) => row.tracked !== undefined);
  const byName = Map.groupBy(rows, ({ row }) => `${row.tracked?.kind} ${row.image}`);
  return [...byName.values()].flatMap((followers) => {
    const [first] = followers;
    const repository = first && repositoryOf(first.row);
    const rule = repository === undefined ? undefined : rules.match(repository);
    const kind = first?.row.tracked?.kind;
    if (repository === undefined || rule === undefined || kind === undefined) return [];
    if (versionsOf(rule) === undefined) return [];
    const taken = followers.flatMap(({ row }) => takenOf(row) ?? []);
    return [{ repository, rule, kind, followers, taken }];
  });
}

function takenOf({ approval }: SyncRow): NonNullable<TrackNote['floor']> | undefined {
  if (approval?.release === undefined) return undefined;
  const { digest, index, resolvedAt, release } = approval;
  return defined({ ...release, digest, index, resolvedAt });
}

/**
 * The highest that is taken, of what was listed: a receipt alone, which an admin of a cluster without a gate can forge,
 * moves no other cluster, and holds none back.
 */
function floorOf(
  { rule, taken }: Followed,
  notes: readonly (TrackNote | undefined)[],
  deps: Pick<ImageDeps, 'tracks'>,
): TrackNote['floor'] {
  const listed = notes.flatMap((note) => note?.candidates ?? []);
  const before = notes.flatMap((note) => note?.floor ?? []);
  const seen = [...before.map((one) => ({ ...one, digest: topOf(one) })), ...listed];
  const known = taken.filter((one) =>
    seen.some(
      ({ tag, version, digest = topOf(one) }) =>
        tag === one.tag && version === one.version && digest === topOf(one),
    ),
  );
  const highest = highestOf(known, trackerOf(rule, deps));
  return known.find(({ tag, version }) => tag === highest?.tag && version === highest.version);
}

/** What a listing gives of it: the index, where it is a child of one. */
function topOf({ digest, index }: NonNullable<TrackNote['floor']>): string {
  return index ?? digest;
}

function isDue(
  { rule }: Stream,
  note: TrackNote | undefined,
  now: Date,
  periodMs: number,
): boolean {
  if (note === undefined || note.stale === true || note.track !== trackText(rule)) return true;
  return now.getTime() - timeOf(note) >= periodMs;
}

function timeOf(note: TrackNote | undefined): number {
  return note === undefined ? 0 : Date.parse(note.listedAt);
}

function hostOf({ repository }: Stream): string {
  return repository.slice(0, repository.indexOf('/'));
}
