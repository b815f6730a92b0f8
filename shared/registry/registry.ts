import type { Digest } from '#shared/core/digest.ts';
import type { ListedTag } from '#shared/core/track/shortlist.ts';
import type { UnusableReason } from '#shared/core/verdict.ts';

/** The manifests and blobs of one repository, read-only. `repository` is normalised: `host/path`. */
export interface Registry {
  /**
   * The manifest under a tag or digest; undefined when the registry says it is absent (404). By digest, the bytes
   * are hashed and a lie throws `registry-misbehaved`; by tag, `digest` is computed from the bytes, never read from a
   * header. Throws `registry-unavailable`, `registry-denied`, `registry-not-allowed`, `too-large`.
   */
  manifest(repository: string, reference: string): Promise<Manifest | undefined>;
  /**
   * The bytes of a blob, hashed against `digest`; undefined when absent. Throws as `manifest`, `too-large` past
   * `maxBytes`.
   */
  blob(repository: string, digest: Digest, maxBytes: number): Promise<Uint8Array | undefined>;
  /**
   * What the referrers API lists for `digest`; undefined when the registry has no such API, or is configured not to be
   * asked. Throws as `manifest`, also for a list that breaks off: it is no shorter list.
   */
  referrers(repository: string, digest: Digest): Promise<Referrers | undefined>;
  /** As `TagLister`; absent: the tags cannot be listed. */
  readonly tags?: TagLister['tags'];
}

/** A list of referrers, as far as it was read. */
export interface Referrers {
  readonly descriptors: readonly Descriptor[];
  /** False where the list goes on (`RegistryLimits.entries`, `RegistryLimits.pages`). */
  readonly complete: boolean;
  /** How many of the entries that were read are no descriptors, and are left out. */
  readonly unreadable: number;
}

/** The bytes of blobs as they arrive. */
export interface BlobSource {
  /**
   * Opens a blob; undefined when absent. The bytes are not hashed: that is for the reader. Leaving them early hangs up,
   * and so does `signal`. Throws as `Registry.manifest`, and while reading `registry-unavailable`.
   */
  open(
    repository: string,
    digest: Digest,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array> | undefined>;
}

/** The layers of one image, lowest first. */
export type LayerList =
  | {
      readonly status: 'listed';
      /** A Helm chart, whose config says so: only the layer with its archive is pulled. */
      readonly type: 'oci' | 'helm';
      readonly layers: readonly LayerDescriptor[];
    }
  | { readonly status: 'unusable'; readonly reason: UnusableReason; readonly message: string };

export interface LayerDescriptor {
  readonly digest: Digest;
  readonly size: number;
}

export interface Manifest {
  readonly digest: Digest;
  /** As the body says, else as the Content-Type header says. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** The registry's `Date` header as ISO 8601 with whole seconds. */
  readonly date: string;
  /** The Content-Type header, verbatim: what Config Sync's library goes by. Absent: the same as `mediaType`. */
  readonly contentType?: string;
}

/** The tags of one repository, as far as the registry lists them. */
export interface TagLister {
  /** Empty for an absent repository. Throws as `Registry.manifest`. */
  tags(repository: string): Promise<TagList>;
}

export interface TagList {
  readonly tags: readonly string[];
  /** False where there are more than are listed (`RegistryLimits.entries`, `RegistryLimits.pages`). */
  readonly complete: boolean;
}

/** The tags of one repository, however many: one page in memory at a time. */
export interface TagPages {
  /**
   * Hands over the tags page by page, none for an absent repository. `complete` is false where there are more than are
   * listed (`RegistryLimits.tagPages`). Throws as `Registry.manifest`; what was handed over until then is no list.
   */
  eachTagPage(
    repository: string,
    take: (tags: readonly ListedTag[]) => void,
  ): Promise<{ readonly complete: boolean }>;
}

/** OCI image-spec 1.1, "Content Descriptors". Fields beyond `digest` are claims of the one who pushed. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  /** It is `null` where a text belongs: read as absent (as Go reads it), and broken if it leads to nothing. */
  readonly flawed?: true;
  readonly annotations?: Readonly<Record<string, string>>;
}
