import { toFailure } from '#shared/core/errors.ts';
import { parseReference } from '#shared/core/reference.ts';
import type { Fault } from './problem.ts';
import { MAX_GLOBSTARS, MAX_MATCH, MAX_STARS_PER_SEGMENT } from './limits.ts';
import picomatch from 'picomatch';
import type { ImageRule } from '#shared/core/rule.ts';
import { createSelector } from '#shared/core/label-selector.ts';

/** The config's `images`, ready to be asked. */
export interface ImageRules {
  /** The first rule whose glob matches `host/path`, case-sensitive and whole; undefined: the config does not name it. */
  match(repository: string): ImageRule | undefined;
  /** Whether a cluster with these labels follows the images of `rule`. */
  selects(rule: ImageRule, labels: Readonly<Record<string, string>>): boolean;
}

/**
 * `match` holds only what parseImageGlob let through. The options keep picomatch to `*` and `**`: dots are ordinary,
 * `a/**` does not match `a`, and the brackets of an IPv6 host are no character class.
 */
const OPTIONS: picomatch.PicomatchOptions = {
  dot: true,
  nobrace: true,
  nobracket: true,
  noext: true,
  nonegate: true,
  strictSlashes: true,
};

/**
 * Reads the globs and selectors of the rules once. Throws `bad-config`, which a loaded config has ruled out.
 *
 * @example
 * const rule = createImageRules(config.images).match('us-docker.pkg.dev/acme/configs/platform');
 */
export function createImageRules(rules: readonly ImageRule[]): ImageRules {
  const globs = rules.map((rule) => picomatch(rule.match, OPTIONS));
  const selectors = new Map(rules.map((rule) => [rule, createSelector(rule.clusters)]));
  return {
    match: (repository) => rules.find((_, at) => globs[at]?.(repository)),
    selects: (rule, labels) => (selectors.get(rule) ?? createSelector(rule.clusters))(labels),
  };
}

const EXAMPLE = 'us-docker.pkg.dev/acme/configs/**';
const LITERAL = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const WILD = /^[a-z0-9._*-]+$/;

/**
 * Reads the `match` of an image entry: a literal host, then path segments that are literal, `*` (any one segment),
 * `**` (any segments, at least one at the end), or literal parts and `*` set apart by `-`, `_` or `.`. `configs*` is
 * refused, for it also means `configs-of-someone-else`. The host is normalised as in references; `**` alone is
 * everything. Returns the glob in normal form, or what is wrong with it.
 */
export function parseImageGlob(text: string): string | Fault {
  if (text.length > MAX_MATCH) return bad(`Is longer than ${MAX_MATCH} characters`, 'Shorten it');
  if (text === '**') return text;
  if (text.includes('://')) return bad('Has a scheme', 'Begin with the host');
  if (text.includes('@')) return bad('Has a digest', 'Leave out "@" and what follows it');
  const [written = '', ...segments] = text.split('/');
  const host = normaliseHost(written);
  if (host === undefined) return bad('Does not begin with a host', `Write it as in ${EXAMPLE}`);
  if (segments.length === 0) return bad('Names a host without a repository', `Write ${host}/**`);
  if (segments.at(-1)?.includes(':') === true) return bad('Has a tag', 'Leave out ":" and the tag');
  for (const segment of segments) {
    const problem = findSegmentProblem(segment);
    if (problem !== undefined) return problem;
  }
  if (segments.filter((segment) => segment === '**').length > MAX_GLOBSTARS) {
    return bad(`Has more than ${MAX_GLOBSTARS} "**"`, 'Split it into several entries');
  }
  // Docker Hub's short names have a hidden segment; where there are wildcards, they are written out.
  const glob = `${host}/${segments.join('/')}`;
  return text.includes('*') ? glob : parseReference(glob).repository;
}

/** The host as references have it; undefined when `written` is none, or would be read as a Docker Hub path. */
export function normaliseHost(written: string): string | undefined {
  if (/[/@]/.test(written)) return undefined;
  if (!/[.:]/.test(written)) return undefined;
  try {
    return parseReference(`${written}/repository`).host;
  } catch (error) {
    if (toFailure(error).code === 'bad-reference') return undefined;
    throw error;
  }
}

function findSegmentProblem(segment: string): Fault | undefined {
  if (segment === '*' || segment === '**' || LITERAL.test(segment)) return undefined;
  if (segment === '')
    return bad('Has an empty path segment', 'Write one "/" between segments, none at the end');
  if (!WILD.test(segment) || !segment.includes('*')) {
    const fix =
      'Use lower-case letters, digits, ".", "_", "-" between them, and the wildcards * and **';
    return bad(`Has a path segment ${JSON.stringify(segment)} that no repository can have`, fix);
  }
  if (segment.includes('**')) {
    return bad('Has "**" beside other characters', 'Let "**" stand alone between slashes');
  }
  if (/[a-z0-9]\*|\*[a-z0-9]/.test(segment)) {
    const fix = 'Write the segment in full, "*" alone, or set "*" apart as in team-*';
    return bad(
      `Has a name cut short in ${JSON.stringify(segment)}, which matches longer names of others`,
      fix,
    );
  }
  if (segment.split('*').length - 1 > MAX_STARS_PER_SEGMENT) {
    return bad(
      `Has more than ${MAX_STARS_PER_SEGMENT} "*" in one segment`,
      'Write a simpler pattern',
    );
  }
  return undefined;
}

function bad(problem: string, fix: string): Fault {
  return { problem, fix };
}
