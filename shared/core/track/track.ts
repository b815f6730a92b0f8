/** How the tags of a repository are ordered that are not semantic versions. */
export const TAG_ORDERS = ['numerical', 'alphabetical', 'newest'] as const;

export type TagOrder = (typeof TAG_ORDERS)[number];

/** Tags that are semantic versions: the highest of a range. */
export interface SemverTrack {
  /** Which versions, in the dialect of Helm and Flux. */
  readonly semver: string;
  readonly prereleases: boolean;
  /** Anchored RE2 pattern: other tags are no candidates. What its named group matches, where it has one, is the version. */
  readonly filter?: string;
}

/** Tags that a pattern selects, and puts in order. */
export interface PatternTrack {
  /** Anchored RE2 pattern; what its one named group matches is compared. */
  readonly pattern: string;
  readonly order: TagOrder;
}

/** What an entry of the config follows in place of one tag. */
export type VersionTrack = SemverTrack | PatternTrack;

/** A tag, and the version that it stands for. */
export interface Release {
  readonly tag: string;
  /** What is compared: a semantic version without its `v`, what the named group matched, or when it was made, ISO 8601. */
  readonly version: string;
}

/** A tag of a listing that may be chosen. */
export interface Candidate extends Release {
  /** What the tag names, where the listing says so: an index, or the image itself. */
  readonly digest?: string;
}

/** Why a tag of a listing is no candidate. */
export const IGNORED = [
  'not-a-version',
  'pre-release',
  'out-of-range',
  'filtered',
  'not-a-number',
  'no-time',
] as const;

export type Ignored = (typeof IGNORED)[number];

/** What versions are read by: the tag's own rules, once for all tags. */
export interface Tracker {
  /** The version that a tag stands for, or why it stands for none. `at`: when it was made, where that is known. */
  read(tag: string, kind: TrackedKind, at?: string): Release | Ignored;
  /** Less than 0 where `a` comes before `b`; undefined where they are not both versions of this kind of order. */
  readonly compare: (a: string, b: string) => number | undefined;
}

/** A chart's tag writes the `+` of a version as `_`. */
export type TrackedKind = 'image' | 'chart';
