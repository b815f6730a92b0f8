import { CountersignError } from '#shared/core/errors.ts';
import { formatReference, type Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
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
const TOO_LARGE = 'has a manifest larger than registries accept';

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
  const name = formatReference(reference);
  const asked = wholeSeconds(now());
  // A tag beside a digest does not resolve (core/reference.ts).
  const wanted = reference.digest ?? reference.tag ?? 'latest';
  const top = await fetchManifest(registry, reference.repository, wanted);
  if (top === undefined || top === 'too-large') {
    const absent = reference.digest === undefined ? 'tag-absent' : 'digest-absent';
    const image =
      top === undefined
        ? unusable(absent, name, 'is not in the registry')
        : unusable('too-large', name, TOO_LARGE);
    return { resolvedAt: asked, fresh, image };
  }
  const resolvedAt = reference.digest === undefined ? top.date : asked;
  return { resolvedAt, fresh, image: await followIndexes(registry, reference, top) };
}

async function followIndexes(
  registry: Pick<Registry, 'manifest'>,
  reference: Reference,
  top: Manifest,
): Promise<Resolution['image']> {
  const name = formatReference(reference);
  let manifest = top;
  let described: string | undefined;
  for (let depth = 0; depth <= MAX_INDEXES; depth += 1) {
    const reading = readManifest(manifest, described);
    if (reading.type === 'unusable') {
      const which = manifest === top ? '' : `: its child ${manifest.digest}`;
      return unusable(reading.reason, `${name}${which}`, reading.problem);
    }
    if (reading.type === 'image') {
      const index = manifest === top ? {} : { index: top.digest };
      const { type: _, ...version } = reading;
      return { status: 'resolved', digest: manifest.digest, ...index, ...version };
    }
    const { digest, mediaType } = reading.child;
    const child = await fetchManifest(registry, reference.repository, digest);
    if (child === undefined) {
      return unusable('digest-absent', `${name}: its child ${digest}`, 'is not in the registry');
    }
    if (child === 'too-large') {
      return unusable('too-large', `${name}: its child ${digest}`, TOO_LARGE);
    }
    manifest = child;
    described = mediaType;
  }
  return unusable('not-an-image', name, `nests more than ${MAX_INDEXES} indexes`);
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

function unusable(reason: UnusableReason, name: string, problem: string): Resolution['image'] {
  return { status: 'unusable', reason, message: `${name} ${problem}` };
}

function wholeSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
