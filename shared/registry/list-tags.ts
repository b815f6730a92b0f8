import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import type { ListedTag } from '#shared/core/track/shortlist.ts';
import { parseJson } from '#shared/net/json.ts';
import type { ListArtifactTags, ListOptions } from './artifact-tags.ts';
import type { Registry, TagPages } from './registry.ts';

/** Lists the tags of a repository, by the registry's own API where it has a better one. Throws as `TagPages`. */
export type ListTags = (
  repository: string,
  take: (tags: readonly ListedTag[]) => void,
  options?: ListOptions,
) => Promise<{ readonly complete: boolean }>;

/** Where a registry has no times: tags whose manifests are read for what they say of themselves. */
const MAX_READ = 200;

const createdSchema = z.object({
  annotations: z.object({ 'org.opencontainers.image.created': z.iso.datetime({ offset: true }) }),
});

/**
 * Lists by Artifact Registry's API what is there, and by OCI distribution 1.1 what is elsewhere.
 *
 * @example
 * const listTags = createListTags({ registry: plain, artifacts: createArtifactTags(loadDockerImages) });
 * const { complete } = await listTags(repository, (tags) => tags.forEach(({ tag }) => add(tag)));
 */
export function createListTags({
  registry,
  artifacts,
}: {
  readonly registry: Pick<Registry, 'manifest'> & TagPages;
  readonly artifacts?: ListArtifactTags;
}): ListTags {
  async function readTimes(
    repository: string,
    take: (tags: readonly ListedTag[]) => void,
    matches: (tag: string) => boolean,
  ): Promise<{ readonly complete: boolean }> {
    const wanted: string[] = [];
    const { complete } = await registry.eachTagPage(repository, (tags) => {
      take(tags.filter(({ tag }) => !matches(tag)));
      for (const { tag } of tags) {
        if (matches(tag) && wanted.length <= MAX_READ) wanted.push(tag);
      }
    });
    for (const tag of wanted.slice(0, MAX_READ)) {
      const at = await timeOf(repository, tag);
      take([at === undefined ? { tag } : { tag, at }]);
    }
    return { complete: complete && wanted.length <= MAX_READ };
  }

  async function timeOf(repository: string, tag: string): Promise<string | undefined> {
    try {
      const manifest = await registry.manifest(repository, tag);
      const { data } = createdSchema.safeParse(manifest && parseJson(manifest.bytes));
      const created = data?.annotations['org.opencontainers.image.created'];
      return created && `${new Date(created).toISOString().slice(0, 19)}Z`;
    } catch (error) {
      // One odd tag hides no other.
      const isOdd = error instanceof CountersignError && error.code === 'too-large';
      if (isOdd) return undefined;
      throw error;
    }
  }

  return async (repository, take, options = {}) => {
    const own = artifacts?.(repository, take, options);
    if (own !== undefined) return own;
    const { timesOf } = options;
    if (timesOf === undefined) return registry.eachTagPage(repository, take);
    return readTimes(repository, take, timesOf);
  };
}
