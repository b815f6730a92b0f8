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

export interface PlaceReader {
  readonly manifest: (digest: Digest) => Promise<Manifest | Refusal | undefined>;
  readonly tag: (tag: string) => Promise<Manifest | Refusal | undefined>;
  readonly referrers: () => Promise<Referrers | Refusal | undefined>;
  readonly blob: (digest: Digest, size: number) => Promise<Uint8Array | Refusal | undefined>;
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
 * Makes a reader of one place, within one budget of bytes. What cannot be read for good is undefined, and a gap; it throws
 * what a retry may mend, and every failure of the referrers API.
 *
 * @example
 * const reader = createPlaceReader({ repository, subject: digest }, { registry, lane, onGap });
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

  /** Why `bytes` more do not fit into the budget; undefined: they are spent. */
  function spend(bytes: number): Refusal | undefined {
    if (bytes > left) return refuse('too-large', 'Signatures of this image are too large together');
    left -= bytes;
    return undefined;
  }

  /** Too much is the pusher's doing and refuses a candidate; any other failure is "could not check" and goes on. */
  async function read<T>(
    what: string,
    fetch: () => Promise<T>,
    reason: 'too-large' | 'too-many' = 'too-large',
  ): Promise<T | Refusal> {
    try {
      return await lane(fetch);
    } catch (error) {
      if (!(error instanceof CountersignError) || error.code !== 'too-large') throw error;
      return refuse(reason, `${what}: more than is read`);
    }
  }

  function fetchManifest(reference: string): Promise<Manifest | Refusal | undefined> {
    return read(reference, () => registry.manifest(repository, reference));
  }

  /**
   * A tag is absent where the registry says so (404 in its own words), and where it answers with a denial (Artifactory) or
   * a page, and its list of tags, read to the end, does not have it. What the list does not settle is a gap.
   */
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
    const bytes = await read(`Blob ${digest}`, () => registry.blob(repository, digest, size));
    return bytes ?? refuse('malformed', `Blob ${digest} is absent`);
  }

  return {
    manifest: (digest) => pass(() => fetchManifest(digest)),
    tag: (tag) => pass(() => fetchTag(tag)),
    referrers: () => read('Referrers', () => registry.referrers(repository, subject), 'too-many'),
    /** Once however many ask: signatures of one image often share their payload. */
    blob(digest, size) {
      const blob = blobs.get(digest) ?? pass(() => fetchBlob(digest, size));
      blobs.set(digest, blob);
      return blob;
    },
    spend,
  };
}

/** A denial, or a page instead of an answer: so some registries answer for what is absent, which any pusher can name. */
function isLasting(error: unknown): error is CountersignError {
  return (
    error instanceof CountersignError &&
    (error.code === 'registry-denied' || error.code === 'registry-misbehaved')
  );
}
