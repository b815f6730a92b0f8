import { defined } from '#shared/core/defined.ts';
import { isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { formatReference, type Reference } from '#shared/core/reference.ts';
import type { ReleaseNotes, Resolution } from '#shared/core/resolution.ts';
import type { UnusableReason } from '#shared/core/verdict.ts';
import { readManifest } from './read-manifest.ts';
import type { Manifest, Registry } from './registry.ts';

export interface ResolveOptions {
  /** Recorded in the resolution: the tag is asked for now in any case, for tags are cached nowhere. */
  readonly fresh: boolean;
  /** Dates what no answer of the registry dates: an absent tag, and a digest, which means the same at any time. */
  readonly now: () => Date;
}

/** An index within an index within an index is more than anyone builds. */
const MAX_INDEXES = 3;

type Unusable = Extract<Resolution['image'], { status: 'unusable' }>;

/**
 * What Config Sync would pull for `reference` at this moment (docs/facts/config-sync.md#pulling): the tag by one GET,
 * its bytes hashed, an index followed to its first linux/amd64 child, the child fetched by digest and read. What it
 * could not pull is an answer, `unusable`. Throws what the registry throws.
 */
export async function resolveImage(
  registry: Pick<Registry, 'manifest'>,
  reference: Reference,
  { fresh, now }: ResolveOptions,
): Promise<Resolution> {
  const asked = now()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z');
  // A tag beside a digest does not resolve (core/reference.ts).
  const { repository, digest, tag = 'latest' } = reference;
  const name = formatReference(reference);
  const { top, image } = await pullImage(registry, repository, digest ?? tag, name);
  const resolvedAt = digest === undefined && top !== undefined ? top.date : asked;
  if (image.status === 'unusable') return { resolvedAt, fresh, image };
  const { manifest, version, notes } = image;
  const index = manifest === top ? undefined : top?.digest;
  const resolved = {
    status: 'resolved',
    digest: manifest.digest,
    index,
    version,
    ...notes,
  } as const;
  return { resolvedAt, fresh, image: defined(resolved) };
}

interface Pulled {
  /** What the tag or digest names itself: the image, or an index. */
  readonly top: Manifest | undefined;
  readonly image:
    | {
        readonly status: 'pulled';
        readonly manifest: Manifest;
        readonly version: string | undefined;
        /** Its own, or else those of an index that leads to it. */
        readonly notes: ReleaseNotes;
      }
    | Unusable;
}

/** The image that is pulled for a tag or digest; `name` is for messages. Throws what the registry throws. */
export async function pullImage(
  registry: Pick<Registry, 'manifest'>,
  repository: string,
  reference: string,
  name: string,
): Promise<Pulled> {
  let wanted = reference;
  let top: Manifest | undefined;
  let described: string | undefined;
  let notes: ReleaseNotes = {};
  for (let depth = 0; depth <= MAX_INDEXES; depth += 1) {
    const which = top === undefined ? name : `${name}: its child ${wanted}`;
    const fail = (reason: UnusableReason, problem: string): Pulled => ({
      top,
      image: { status: 'unusable', reason, message: `${which} ${problem}` },
    });
    const manifest = await fetchManifest(registry, repository, wanted);
    if (manifest === undefined) {
      return fail(isDigest(wanted) ? 'digest-absent' : 'tag-absent', 'is not in the registry');
    }
    if (manifest === 'too-large') {
      return fail('too-large', 'has a manifest larger than registries accept');
    }
    top ??= manifest;
    const reading = readManifest(manifest, described);
    if (reading.type === 'unusable') return fail(reading.reason, reading.problem);
    notes = { ...notes, ...reading.notes };
    if (reading.type === 'image') {
      return { top, image: { status: 'pulled', manifest, version: reading.version, notes } };
    }
    ({ digest: wanted, mediaType: described } = reading.child);
  }
  const message = `${name} nests more than ${MAX_INDEXES} indexes`;
  return { top, image: { status: 'unusable', reason: 'not-an-image', message } };
}

async function fetchManifest(
  registry: Pick<Registry, 'manifest'>,
  repository: string,
  wanted: string,
): Promise<Manifest | undefined | 'too-large'> {
  try {
    return await registry.manifest(repository, wanted);
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'too-large') return 'too-large';
    throw error;
  }
}
