import { CountersignError } from '#shared/core/errors.ts';
import type { Digest } from '#shared/core/digest.ts';
import { once } from '#shared/net/single-flight.ts';
import type { Manifest, Referrers, Registry } from '#shared/registry/registry.ts';

import { type Refusal, refuse } from './candidate.ts';
import { MAX_PLACE_BYTES } from './limits.ts';

/** One digest whose signatures are looked for in one repository. */
export interface Place {
  readonly repository: string;
  readonly subject: Digest;
}

/** Reads what is in one place, within one budget of bytes. What it cannot read for good is undefined, and a gap. */
export interface PlaceReader {
  readonly manifest: (digest: Digest) => Promise<Manifest | Refusal | undefined>;
  /**
   * A tag is absent where the registry says so (404 in its own words), and where it answers the tag with a denial or
   * with a page, and its list of tags, read to the end, does not have it: Artifactory answers 403 for an absent tag, and
   * what stands before a registry answers 404 in HTML. What the list does not settle is a gap.
   */
  readonly tag: (tag: string) => Promise<Manifest | Refusal | undefined>;
  readonly referrers: () => Promise<Referrers | Refusal | undefined>;
  /** Once however many ask: signatures of one image often share their payload. */
  readonly blob: (digest: Digest, size: number) => Promise<Uint8Array | Refusal | undefined>;
  /** Why `bytes` more do not fit into the budget; undefined: they are spent. */
  readonly spend: (bytes: number) => Refusal | undefined;
}

export interface PlaceDeps {
  readonly registry: Registry;
  /** Runs a fetch when one of a few lanes is free, and not at all once the time is up. */
  readonly lane: <T>(fetch: () => Promise<T>) => Promise<T>;
  /** Takes every failure that is how the registry answers for one name. */
  readonly onGap: (failure: CountersignError) => void;
}

/**
 * Makes a reader of one place. It throws what a retry may mend, and every failure of the referrers API.
 *
 * @example
 * const reader = createPlaceReader({ repository, subject: digest }, { registry, lane, onGap });
 * const signatures = await reader.tag(signatureTag(digest));
 */
export function createPlaceReader(
  { repository, subject }: Place,
  { registry, lane, onGap }: PlaceDeps,
): PlaceReader {
  const blobs = new Map<Digest, Promise<Uint8Array | Refusal | undefined>>();
  let left = MAX_PLACE_BYTES;
  const listing = once(() => lane(listTags));

  async function pass<T>(fetch: () => Promise<T>): Promise<T | undefined> {
    try {
      return await fetch();
    } catch (error) {
      if (!isLasting(error)) throw error;
      onGap(error);
      return undefined;
    }
  }

  function spend(bytes: number): Refusal | undefined {
    if (bytes > left) return refuse('too-large', 'Signatures of this image are too large together');
    left -= bytes;
    return undefined;
  }

  async function fetchManifest(reference: string): Promise<Manifest | Refusal | undefined> {
    return lane(() =>
      refuseTooMuch(registry.manifest(repository, reference), 'too-large', reference),
    );
  }

  async function fetchTag(tag: string): Promise<Manifest | Refusal | undefined> {
    try {
      return await fetchManifest(tag);
    } catch (error) {
      if (!isLasting(error)) throw error;
      const listed = await listing();
      if (listed === undefined || listed.has(tag)) throw error;
      return undefined;
    }
  }

  async function listTags(): Promise<ReadonlySet<string> | undefined> {
    if (registry.tags === undefined) return undefined;
    try {
      const { tags, complete } = await registry.tags(repository);
      return complete ? new Set(tags) : undefined;
    } catch (error) {
      // The failure that the list was to explain says more.
      if (error instanceof CountersignError) return undefined;
      throw error;
    }
  }

  /** The claimed size is the cap, so a descriptor that lies costs no more than it says. */
  async function fetchBlob(digest: Digest, size: number): Promise<Uint8Array | Refusal> {
    const refusal = spend(size);
    if (refusal !== undefined) return refusal;
    const blob = registry.blob(repository, digest, size);
    const bytes = await refuseTooMuch(blob, 'too-large', `Blob ${digest}`);
    return bytes ?? refuse('malformed', `Blob ${digest} is absent`);
  }

  return {
    manifest: (digest) => pass(() => fetchManifest(digest)),
    tag: (tag) => pass(() => fetchTag(tag)),
    referrers: () =>
      lane(() => refuseTooMuch(registry.referrers(repository, subject), 'too-many', 'Referrers')),
    blob(digest, size) {
      const blob = blobs.get(digest) ?? pass(() => lane(() => fetchBlob(digest, size)));
      blobs.set(digest, blob);
      return blob;
    },
    spend,
  };
}

/** Too much is the pusher's doing and refuses a candidate; any other failure is "could not check" and goes on. */
async function refuseTooMuch<T>(
  fetched: Promise<T>,
  reason: 'too-large' | 'too-many',
  what: string,
): Promise<T | Refusal> {
  try {
    return await fetched;
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'too-large') {
      return refuse(reason, `${what}: more than is read`);
    }
    throw error;
  }
}

/**
 * Whether a failure is how the registry answers for this one name: a denial, or a page instead of an answer. Some
 * registries answer so for what is absent, and everyone who can push can name what is absent.
 */
function isLasting(error: unknown): error is CountersignError {
  return (
    error instanceof CountersignError &&
    (error.code === 'registry-denied' || error.code === 'registry-misbehaved')
  );
}
