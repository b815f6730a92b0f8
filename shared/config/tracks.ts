import type { ImageRule } from '#shared/core/rule.ts';
import { versionsOf } from '#shared/core/track/stream.ts';
import type { Tracker } from '#shared/core/track/track.ts';
import { createTracker } from '#shared/core/track/tracker.ts';
import { fieldOf } from './check.ts';
import type { Finding } from './problem.ts';
import { findCompileProblem } from './subject-pattern.ts';
import { loadPatterns } from './tag-patterns.ts';

/** The versions that entries of the config follow, ready to be asked. */
export interface Tracks {
  /** Reads and compares the tags of a rule; undefined: it follows a tag. */
  of(rule: ImageRule): Tracker | undefined;
}

/**
 * Reads ranges and patterns of the entries once. Throws what a loaded config has ruled out.
 *
 * @example
 * const tracker = (await createTracks(config.images)).of(rule);
 */
export async function createTracks(images: readonly ImageRule[]): Promise<Tracks> {
  const tracked = images.flatMap((rule) => {
    const track = versionsOf(rule);
    return track === undefined ? [] : [{ rule, track }];
  });
  const isPattern = tracked.some(({ track }) => 'pattern' in track || track.filter !== undefined);
  const compile = isPattern ? await loadPatterns() : undefined;
  const trackers = new Map(
    tracked.map(({ rule, track }) => [rule, createTracker(track, compile)] as const),
  );
  return { of: (rule) => trackers.get(rule) };
}

/** Patterns of tags that a linear-time engine cannot run, in the raw `images` of a file. */
export async function findTrackProblems(images: unknown): Promise<readonly Finding[]> {
  if (!Array.isArray(images)) return [];
  const findings: Finding[] = [];
  for (const [index, image] of images.entries()) {
    for (const key of ['filter', 'pattern'] as const) {
      const pattern = fieldOf(fieldOf(image, 'track'), key);
      const problem = typeof pattern === 'string' && (await findCompileProblem(pattern));
      if (typeof problem !== 'string') continue;
      const fix = 'Write it in RE2 syntax, which has no look-around and no back-references';
      findings.push({ path: ['images', index, 'track', key], kind: 'bad-value', problem, fix });
    }
  }
  return findings;
}
