import { CountersignError } from '#shared/core/errors.ts';
import { parseReference } from '#shared/core/reference.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { streamOf, versionsOf } from '#shared/core/track/stream.ts';
import type { TrackedKind } from '#shared/core/track/track.ts';
import { withDeadline } from '#shared/net/within.ts';
import { listVersions } from '#shared/reconcile/list-versions.ts';
import { trackText, trackerOf } from '#shared/reconcile/locate-version.ts';
import { eachRecord } from '#shared/reconcile/snapshot.ts';
import { readTrackNote } from '#shared/reconcile/track-notes.ts';
import { viewTrack } from '#shared/reconcile/track-view.ts';
import type { SyncRow, TrackNote } from '#shared/store/store.ts';
import type { ApiDeps } from '../deps.ts';
import { READ_DEADLINE_MS } from '../limits.ts';
import type { TrackAnswer, TrackQuery } from './operation.ts';

/**
 * The versions of an image as they would be chosen: from the last listing of the sweep, or by one of its own where there
 * is none. Throws `bad-request` for an image that follows no versions, and what the registry throws.
 */
export async function answerTrack(
  { image, kind: wanted }: TrackQuery,
  deps: ApiDeps,
): Promise<TrackAnswer> {
  const { repository } = parseReference(image);
  const rule = deps.rules.match(repository);
  const track = rule && versionsOf(rule);
  if (rule === undefined || track === undefined) {
    const what = rule === undefined ? 'names' : 'follows versions of';
    const message = `query.image: no entry of "images" in the config ${what} ${repository}`;
    throw new CountersignError('bad-request', message);
  }
  const stream = streamOf(repository);
  const rows: SyncRow[] = [];
  for await (const { syncs } of eachRecord(deps.store)) {
    rows.push(...syncs.filter((row) => row.image === stream));
  }
  const kind = wanted ?? rows.find(({ tracked }) => tracked)?.tracked?.kind ?? 'image';
  const note = await noteOf(repository, rule, kind, deps);
  const taken = takenIn(rows);
  const entry = await deps.staging?.records.read(stream);
  const tracker = trackerOf(rule, deps);
  const floor = rule.downgrade === 'deny' ? note.floor : undefined;
  const view = viewTrack(note, tracker, { taken: floor, record: entry?.record });
  const chosen = view.candidates.find((one) => one.chosen);
  const { listedAt, complete, listed, matching } = note;
  return {
    image: repository,
    kind,
    track: { ...track },
    listedAt,
    complete,
    listed,
    matching,
    taken: [...taken],
    candidates: view.candidates.map((one) => ({ ...one })),
    ignored: view.ignored.map((one) => ({ ...one, examples: [...one.examples] })),
    warnings: [...view.warnings],
    message:
      chosen === undefined
        ? `No version of ${repository} is chosen: ${matching} of ${listed} tags are versions of its track`
        : `${chosen.tag} is the version to follow, of ${matching} among ${listed} tags`,
  };
}

async function noteOf(
  repository: string,
  rule: ImageRule,
  kind: TrackedKind,
  deps: ApiDeps,
): Promise<TrackNote> {
  const note = await readTrackNote(kind, repository, deps);
  if (note?.track === trackText(rule)) return note;
  const { listTags } = deps;
  if (listTags === undefined) {
    throw new CountersignError('registry-unavailable', `The tags of ${repository} are not listed`);
  }
  return withDeadline(READ_DEADLINE_MS, `Listing the tags of ${repository}`, () =>
    listVersions({ repository, rule, kind }, { ...deps, listTags }),
  );
}

/** Versions that RSyncs have taken, the most frequent first. */
function takenIn(rows: readonly SyncRow[]): TrackAnswer['taken'] {
  const releases = rows.flatMap(({ approval }) => approval?.release ?? []);
  const byTag = Map.groupBy(releases, ({ tag }) => tag);
  return [...byTag]
    .map(([tag, same]) => ({ tag, version: same[0]?.version ?? tag, syncs: same.length }))
    .toSorted((a, b) => b.syncs - a.syncs || (a.tag < b.tag ? 1 : -1));
}
