import { Comparator, Range, type SemVer } from 'semver';

/** Versions that a range lets in. */
export interface VersionRange {
  /** Whether it is in the range; pre-releases only where they are asked for. */
  includes(version: SemVer | string): boolean;
}

/** What is wrong with a range, and what to write instead. */
export interface RangeFault {
  readonly problem: string;
  readonly fix: string;
}

/** Characters of a range: more is no range that a person reads. */
const MAX_RANGE = 256;

/** Alternatives and comparators together. */
const MAX_PARTS = 32;

/**
 * Reads a range in the dialect of Helm and Flux (Masterminds' semver, version 3). What means the same there and in
 * node-semver is taken, and what does not is refused with the way to write it. A pre-release in a range, as in
 * `>=1.2.0-0`, asks for pre-releases, as it does there; the bound of `<2.0.0` then keeps those of 2.0.0 out.
 *
 * @example
 * const range = readRange('>=1.4 <2', { prereleases: undefined });
 * if ('includes' in range) range.includes('1.4.2');
 */
export function readRange(
  text: string,
  { prereleases }: { readonly prereleases: boolean | undefined },
): (VersionRange & { readonly prereleases: boolean }) | RangeFault {
  const fault = findDialectProblem(text);
  if (fault !== undefined) return fault;
  const named = prereleasesIn(text);
  if (named.some(({ isWild }) => isWild)) {
    const fix = `Write ${suggest(text.replaceAll(PRERELEASE, '$<behind>'))} with prereleases: true beside it`;
    return { problem: 'Has a pre-release behind a wildcard', fix };
  }
  const asked = named.length > 0;
  if (asked && prereleases === false) {
    return {
      problem:
        'Asks for pre-releases by a pre-release in the range, and prereleases: false refuses them',
      fix: 'Remove one of them',
    };
  }
  if (asked && prereleases === undefined && named.some(({ part }) => part !== '0')) {
    return {
      problem:
        'Has a pre-release in the range, by which Helm and Flux let in all of them, and others only those of that version',
      fix: 'Write prereleases: true beside it, or leave the pre-release out',
    };
  }
  const includePrerelease = asked || prereleases === true;
  const range = tryRange(text, includePrerelease);
  if (range === undefined) {
    return {
      problem: 'Is not a range of versions',
      fix: 'Write it as 1.x, ~1.4, ^1.4.0 or ">=1.4 <2"',
    };
  }
  const closed = includePrerelease ? withoutPrereleasesOfBounds(range) : range;
  return {
    prereleases: includePrerelease,
    includes: (version) => closed.test(version),
  };
}

/** A hyphen right behind a number or a wildcard: between two versions it stands alone. */
const PRERELEASE = /(?<behind>[\dxX*])-(?<part>[0-9A-Za-z.-]+)/g;

/** The pre-releases that a range names. */
function prereleasesIn(
  text: string,
): readonly { readonly isWild: boolean; readonly part: string }[] {
  return [...text.matchAll(PRERELEASE)].map(({ groups = {} }) => ({
    isWild: !/\d/.test(groups['behind'] ?? ''),
    part: groups['part'] ?? '',
  }));
}

function findDialectProblem(text: string): RangeFault | undefined {
  if (text.trim() === '') return { problem: 'Is empty', fix: 'Write "*" for every version' };
  if (text.length > MAX_RANGE) {
    return { problem: `Is longer than ${MAX_RANGE} characters`, fix: 'Shorten it' };
  }
  if (text.includes(',')) {
    return {
      problem: 'Has a comma',
      fix: `Write a space for it: ${suggest(text.replaceAll(/\s*,\s*/g, ' '))}`,
    };
  }
  if (text.includes('!=')) {
    return {
      problem: 'Has "!=", which leaves one version out',
      fix: 'Write "<1.4.2 || >1.4.2", or a filter',
    };
  }
  if (/=[<>]/.test(text)) {
    return {
      problem: 'Has "=>" or "=<"',
      fix: `Write ${suggest(text.replaceAll('=>', '>=').replaceAll('=<', '<='))}`,
    };
  }
  if (/~>/.test(text)) {
    return {
      problem: 'Has "~>", which is Ruby\'s',
      fix: `Write ${suggest(text.replaceAll(/~>\s*/g, '~'))}`,
    };
  }
  if (/(?:^|[^|])\|(?:$|[^|])/.test(text)) {
    return { problem: 'Has one "|"', fix: 'Write "||" between alternatives' };
  }
  if (text.split('||').some((part) => part.trim() === '')) {
    return {
      problem: 'Has an alternative that is empty, which would be every version',
      fix: 'Remove its "||", or write "*"',
    };
  }
  if (/\b(?:latest|newest|stable)\b/i.test(text)) {
    return {
      problem: 'Names a tag',
      fix: 'Write track: with the tag alone, or a range of versions',
    };
  }
  const parts = text.split(/\s+|\|\|/).filter((part) => part !== '');
  if (parts.length > MAX_PARTS) {
    return { problem: `Has more than ${MAX_PARTS} parts`, fix: 'Write fewer alternatives' };
  }
  return undefined;
}

function suggest(text: string): string {
  return JSON.stringify(text.trim());
}

function tryRange(text: string, includePrerelease: boolean): Range | undefined {
  try {
    return new Range(text, { includePrerelease });
  } catch {
    return undefined;
  }
}

/** `<2.0.0` means what comes before the release of 2.0.0, and its pre-releases are of that. */
function withoutPrereleasesOfBounds(range: Range): Range {
  const closed = new Range(range.raw, { includePrerelease: true });
  closed.set = range.set.map((comparators) =>
    comparators.map((comparator) => {
      const { operator, semver } = comparator;
      const isBound = operator === '<' && semver.prerelease?.length === 0;
      return isBound ? new Comparator(`<${semver.version}-0`) : comparator;
    }),
  );
  return closed;
}
