import type { Digest } from './digest.ts';
import type { Verdict } from './verdict.ts';

/** What a tag or digest is in the registry at one moment. */
export interface Resolution {
  /** Registry's own `Date` of the answer, ISO 8601 with whole seconds: orders resolutions. */
  readonly resolvedAt: string;
  /** Made after the RSync was listed, past every cache. */
  readonly fresh: boolean;
  readonly image: ResolvedImage | (Verdict & { readonly status: 'unusable' });
}

/** What a release says of itself, as its manifest or index is annotated; a claim of who pushed, on one line each. */
export interface ReleaseNotes {
  /** `org.opencontainers.image.revision`: of the sources. */
  readonly revision?: string;
  /** `org.opencontainers.image.source`: where the sources are. */
  readonly source?: string;
}

export interface ResolvedImage extends ReleaseNotes {
  readonly status: 'resolved';
  /** The manifest Config Sync pulls: of an index, the first linux/amd64 child. */
  readonly digest: Digest;
  /** The index that was pushed, where `digest` is its child. */
  readonly index?: Digest;
  /** Of a Helm chart: the version that its manifest says it is (`org.opencontainers.image.version`). */
  readonly version?: string;
}
