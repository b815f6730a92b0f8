import type { CompilePattern } from './pattern.ts';
import { type VersionRange, readRange } from './range.ts';
import type { PatternTrack, SemverTrack, Tracker, VersionTrack } from './track.ts';
import { compareVersions, formatVersion, readVersion } from './version.ts';

/**
 * What reads and compares the tags of a track. `compile` is asked where the track has a pattern. Throws what a loaded
 * config has ruled out: a bad range, a bad pattern.
 *
 * @example
 * createTracker({ semver: '1.x', prereleases: false }).read('v1.4.2', 'image') // { tag: 'v1.4.2', version: '1.4.2' }
 */
export function createTracker(track: VersionTrack, compile: CompilePattern = noPatterns): Tracker {
  return 'semver' in track ? bySemver(track, compile) : byPattern(track, compile);
}

function noPatterns(): never {
  throw new TypeError('A track with a pattern needs the engine of patterns');
}

function bySemver({ semver, prereleases, filter }: SemverTrack, compile: CompilePattern): Tracker {
  const range = openRange(semver, prereleases);
  const wanted = filter === undefined ? undefined : compile(filter);
  return {
    read(tag, kind) {
      const matched = wanted === undefined ? {} : wanted.match(tag);
      if (matched === undefined) return 'filtered';
      const version = readVersion(matched.value ?? tag, kind);
      if (version === undefined) return 'not-a-version';
      if (range.includes(version)) return { tag, version: formatVersion(version) };
      const { major, minor, patch, prerelease } = version;
      const isOfRange = range.includes([major, minor, patch].join('.'));
      return prerelease.length > 0 && isOfRange ? 'pre-release' : 'out-of-range';
    },
    compare: compareVersions,
  };
}

function openRange(text: string, prereleases: boolean): VersionRange {
  const range = readRange(text, { prereleases });
  if ('includes' in range) return range;
  throw new TypeError(`The config has ruled out this range: ${range.problem}`);
}

function byPattern({ pattern, order }: PatternTrack, compile: CompilePattern): Tracker {
  const wanted = compile(pattern);
  const { compare: inOrder, isValue } = ORDERS[order];
  return {
    read(tag, _, at) {
      const matched = wanted.match(tag);
      if (matched === undefined) return 'filtered';
      if (order === 'newest') return at === undefined ? 'no-time' : { tag, version: at };
      const version = matched.value ?? tag;
      return isValue(version) ? { tag, version } : 'not-a-number';
    },
    compare: (a, b) => (isValue(a) && isValue(b) ? inOrder(a, b) : undefined),
  };
}

const NUMBER = /^[0-9]+$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

const ORDERS = {
  numerical: { compare: compareNumbers, isValue: (text: string) => NUMBER.test(text) },
  alphabetical: { compare: compareTexts, isValue: () => true },
  newest: { compare: compareTimes, isValue: (text: string) => TIME.test(text) },
} as const;

/** Digits of any length: 17 of a time stamp are more than a float has. */
function compareNumbers(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.replace(/^0+(?=\d)/, ''));
  if (left === undefined || right === undefined) return 0;
  return left.length - right.length || compareTexts(left, right);
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function compareTimes(a: string, b: string): number {
  return Date.parse(a) - Date.parse(b);
}
