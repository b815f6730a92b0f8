import { type SemVer, compare, parse } from 'semver';
import type { TrackedKind } from './track.ts';

/** Semantic versioning 2.0.0 has no limit; a tag has at most 128 characters. */
const MAX_VERSION = 128;

/**
 * The semantic version in a tag: strict, with an optional `v`, never filled up or cut down. `1.4`, eight digits of a
 * commit and `sha256-abc.sig` are none. In the tag of a chart `_` stands for `+`, as Helm pushes it.
 *
 * @example
 * readVersion('v1.4.2', 'image')?.version // '1.4.2'
 */
export function readVersion(tag: string, kind: TrackedKind): SemVer | undefined {
  if (tag.length > MAX_VERSION) return undefined;
  return parse(kind === 'chart' ? tag.replaceAll('_', '+') : tag) ?? undefined;
}

/**
 * A version as it is written down: without its `v`, with its build part.
 *
 * @example
 * formatVersion(readVersion('v1.4.2_b7', 'chart')) // '1.4.2+b7'
 */
export function formatVersion({ version, build }: SemVer): string {
  return build.length === 0 ? version : `${version}+${build.join('.')}`;
}

/**
 * The order of two versions by precedence, which build parts have no part in (semantic versioning 2.0.0, section 10).
 * Undefined where one of them is none.
 *
 * @example
 * compareVersions('1.4.10', '1.4.9') // 1
 */
export function compareVersions(a: string, b: string): number | undefined {
  const [left, right] = [parsed(a), parsed(b)];
  return left === null || right === null ? undefined : compare(left, right);
}

const MAX_REMEMBERED = 1_000;
const remembered = new Map<string, SemVer | null>();

/** What was read once is remembered for a while: a list is put in order again and again while it is read. */
function parsed(version: string): SemVer | null {
  const known = remembered.get(version);
  if (known !== undefined) return known;
  if (remembered.size === MAX_REMEMBERED) remembered.clear();
  const made = parse(version);
  remembered.set(version, made);
  return made;
}

const MIXED = /^(?=.*[a-z])(?=.*\d)/i;

/**
 * Whether a pre-release has an identifier of letters and digits, which is compared as text: `rc9` comes after `rc10`,
 * and `rc.9` before `rc.10` (semantic versioning 2.0.0, section 11).
 */
export function hasMixedIdentifier(version: string): boolean {
  const { prerelease = [] } = parse(version) ?? {};
  return prerelease.some((part) => typeof part === 'string' && MIXED.test(part));
}
