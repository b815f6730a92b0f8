import type { Tracked } from '../decision-input.ts';
import type { KeptBecause } from './choose.ts';
import type { Ignored } from './track.ts';

/** Why nothing can be chosen, or why what was taken stays. */
const WHY: Readonly<Record<KeptBecause, string>> = {
  lower: 'what is listed is lower',
  none: 'no tag of its repository is a version of its track',
  cut: 'its repository has more tags than are listed, and a listing that is cut decides nothing',
  unlisted: 'the tags of its repository are not listed yet: the next sweep does',
};

/**
 * What there is to say beside the phase of an RSync that follows versions; undefined where it follows the best.
 *
 * @example
 * sayTracked(tracked) // '1.4.2 stays: the highest that is listed is 1.4.1'
 */
export function sayTracked({ release, why, lower, skipped }: Tracked): string | undefined {
  const said: string[] = [];
  if (why !== undefined && release !== undefined) {
    const reason =
      lower === undefined ? WHY[why] : `the highest that is listed is ${lower.version}`;
    said.push(`${release.version} stays: ${reason}`);
  }
  if (skipped.length > 0) {
    const names = skipped.map(({ tag }) => tag).join(', ');
    said.push(`skipped as not verified: ${names}`);
  }
  return said.length === 0 ? undefined : said.join('; ');
}

/**
 * Which version is followed, or why none is, behind the name of an RSync.
 *
 * @example
 * sayFollowed(tracked) // 'follows 1.4.2 of its versions'
 */
export function sayFollowed(tracked: Tracked): string {
  const { release, why, repository } = tracked;
  if (release === undefined) {
    return why === undefined ? `follows no version of ${repository}` : `waits: ${WHY[why]}`;
  }
  const said = sayTracked(tracked);
  const more = said === undefined ? '' : `; ${said}`;
  return `follows version ${release.version} of ${repository}${more}`;
}

/**
 * Why nothing is followed, as one sentence.
 *
 * @example
 * sayNone('none')
 */
export function sayNone(why: KeptBecause): string {
  const text = WHY[why];
  return `Waiting for a version: ${text}`;
}

/**
 * Why none of the tags of one version is followed, as one sentence.
 *
 * @example
 * sayAmbiguous(['1.4.2', 'v1.4.2'])
 */
export function sayAmbiguous(tags: readonly string[]): string {
  return `${tags.join(' and ')} are one version and not one digest: remove all but one of them`;
}

/** Why a tag is no candidate, for people. */
export const IGNORED_BECAUSE: Readonly<Record<Ignored, string>> = {
  'not-a-version': 'is not a semantic version (three numbers, as in 1.4.2)',
  'pre-release': 'is a pre-release; prereleases: true lets it in',
  'out-of-range': 'is not in the range',
  filtered: 'does not match the pattern',
  'not-a-number': 'has no number where the named group is',
  'no-time': 'does not say when it was made',
};
