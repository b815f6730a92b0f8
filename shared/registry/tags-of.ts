import type { Digest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { ArtifactLookup } from './artifact-lookup.ts';
import { parseJson } from '#shared/net/json.ts';
import { kindOf } from './notifications/notification.ts';
import { indexSchema } from './read-manifest.ts';
import type { Manifest, Registry, TagLister, TagList } from './registry.ts';

export type TagsOf = (repository: string, digest: Digest) => Promise<TagList>;

/** Tags whose manifests are read where the registry cannot be asked the other way round. */
const MAX_TAGS_READ = 200;
const CONCURRENCY = 8;

/**
 * The tags under which `digest` is pulled: those of the manifest itself, or of an index that lists it. Asked of
 * Artifact Registry's API first; elsewhere (gcr.io too), and for what has no tag of its own, each tag's manifest is
 * read. Signature tags are left out. `complete` is false where there were more tags than are read: the caller then
 * knows the repository and not the tag. A hint, as is every event: each tag is resolved anew before anything is done.
 *
 * @example
 * const tagsOf = createTagsOf({ registry, lookUp: createArtifactLookup(loadDockerImages) });
 * const { tags, complete } = await tagsOf('us-docker.pkg.dev/acme/configs/platform', digest);
 */
export function createTagsOf({
  registry,
  lookUp,
}: {
  readonly registry: Pick<Registry, 'manifest'> & TagLister;
  readonly lookUp?: ArtifactLookup;
}): TagsOf {
  return async (repository, digest) => {
    const own = (await lookUp?.(repository, digest))?.filter(isImageTag) ?? [];
    if (own.length > 0) return { tags: own, complete: true };
    const listed = await registry.tags(repository);
    const candidates = listed.tags.filter(isImageTag);
    const read = candidates.slice(0, MAX_TAGS_READ);
    const found = new Set<string>();
    const queue = read.values();
    async function work(): Promise<void> {
      for (const tag of queue) {
        const manifest = await readable(registry.manifest(repository, tag));
        if (manifest !== undefined && leadsTo(manifest, digest)) found.add(tag);
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    return {
      tags: read.filter((tag) => found.has(tag)),
      complete: listed.complete && read.length === candidates.length,
    };
  };
}

function isImageTag(tag: string): boolean {
  return kindOf(tag).kind === 'image';
}

/** Undefined too for what is too large to be an image, or has no legal name: one odd tag hides no other. */
async function readable(manifest: Promise<Manifest | undefined>): Promise<Manifest | undefined> {
  try {
    return await manifest;
  } catch (error) {
    const odd = ['too-large', 'bad-reference'];
    if (error instanceof CountersignError && odd.includes(error.code)) return undefined;
    throw error;
  }
}

function leadsTo({ digest, bytes }: Manifest, wanted: Digest): boolean {
  if (digest === wanted) return true;
  const index = indexSchema.safeParse(parseJson(bytes)).data;
  return index?.manifests.some((child) => child.digest === wanted) ?? false;
}
