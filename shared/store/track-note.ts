import * as z from 'zod';
import { KEPT_BECAUSE, VERSION_WAITS } from '#shared/core/track/choose.ts';
import { IGNORED } from '#shared/core/track/track.ts';

const Time = z.iso.datetime();

/** A tag, and the version that it stands for. */
export const ReleaseFields = z.object({ tag: z.string(), version: z.string() });

/** What a look found of the versions that an RSync follows. */
export const TrackedFields = z.object({
  kind: z.enum(['image', 'chart']),
  /** What is followed; absent: nothing yet. */
  release: ReleaseFields.exactOptional(),
  /** Why it is not the best that is listed. */
  why: z.enum(KEPT_BECAUSE).exactOptional(),
});

/** What is left of the listing of one repository whose versions are followed. */
export const TrackFields = z.lazy(() =>
  z.object({
    /** The track that it was read by: another one makes another choice, and lists anew. */
    track: z.string(),
    /** When the listing began. */
    listedAt: Time,
    /** The next sweep lists anew, whatever its time. */
    stale: z.literal(true).exactOptional(),
    /** False where it was cut: it decides nothing. */
    complete: z.boolean(),
    /** Tags that were listed, and those that may be chosen. */
    listed: z.int().min(0),
    matching: z.int().min(0),
    /** The best, in order. */
    candidates: z.array(
      z.object({
        tag: z.string(),
        version: z.string(),
        digest: z.string().exactOptional(),
        /** It came by a push at that time; absent: it was listed. */
        pushedAt: Time.exactOptional(),
      }),
    ),
    ignored: z.array(
      z.object({ why: z.enum(IGNORED), count: z.int().min(1), examples: z.array(z.string()) }),
    ),
    /** What it was published to wait for; absent: nothing. */
    waits: z.enum(VERSION_WAITS).exactOptional(),
    /** The highest version that RSyncs have taken: a newcomer takes no lower one. */
    floor: z
      .object({
        tag: z.string(),
        version: z.string(),
        digest: z.string(),
        index: z.string().exactOptional(),
        resolvedAt: Time,
      })
      .exactOptional(),
  }),
);
