import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { ListedTag } from '#shared/core/track/shortlist.ts';
import { once } from '#shared/net/single-flight.ts';
import { type ArtifactName, artifactFailure, artifactName, isNotFound } from './artifact-name.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { misbehaved } from './send.ts';
import type { TagPages } from './registry.ts';

interface PageRequest {
  readonly parent: string;
  readonly pageSize: number;
  readonly pageToken: string;
}

interface PageOptions {
  readonly timeout: number;
  readonly autoPaginate: false;
}

/** What a call returns: entries, the next request, and the answer with the token of the page that follows. */
type Page<Entry> = readonly [
  readonly Entry[],
  unknown,
  { readonly nextPageToken?: string | null } | null | undefined,
];

interface ArtifactTag {
  readonly name?: string | null;
  readonly version?: string | null;
}

interface ArtifactVersion {
  readonly name?: string | null;
  readonly createTime?: { readonly seconds?: unknown } | null;
  readonly relatedTags?: readonly ArtifactTag[] | null;
}

/** The calls of `@google-cloud/artifact-registry` that list tags. */
export interface ArtifactTags {
  listTags(request: PageRequest, options: PageOptions): Promise<Page<ArtifactTag>>;
  listVersions(
    request: PageRequest & { readonly view: 'FULL' },
    options: PageOptions,
  ): Promise<Page<ArtifactVersion>>;
}

/** As many as the API gives in one answer. */
const PAGE = 1_000;
const CALL_MS = 20_000;

/** How tags are listed. */
export interface ListOptions {
  /** The times at which images were made are wanted as well: of the tags that this lets through. */
  readonly timesOf?: ((tag: string) => boolean) | undefined;
}

/** Lists the tags of a repository page by page; undefined where it is not Artifact Registry's. */
export type ListArtifactTags = (
  repository: string,
  take: (tags: readonly ListedTag[]) => void,
  options?: ListOptions,
) => ReturnType<TagPages['eachTagPage']> | undefined;

/**
 * Lists tags by Artifact Registry's own API: a thousand in one call, each with what it names, so that no tag is asked for
 * by itself. `load` gives the client at its first use. Throws `registry-denied`, `registry-unavailable`,
 * `registry-misbehaved`.
 *
 * @example
 * const list = createArtifactTags(loadDockerImages);
 * const { complete } = (await list('us-docker.pkg.dev/acme/configs/platform', (tags) => add(tags))) ?? {};
 */
export function createArtifactTags(
  load: () => Promise<ArtifactTags>,
  { tagPages } = DEFAULT_LIMITS,
): ListArtifactTags {
  const client = once(load);

  async function list(
    name: ArtifactName,
    repository: string,
    take: (tags: readonly ListedTag[]) => void,
    { timesOf }: ListOptions,
  ): Promise<{ readonly complete: boolean }> {
    const api = await client();
    const parent = `${name.parent}/packages/${name.image}`;
    let pageToken = '';
    for (let count = 0; count < tagPages; count += 1) {
      const request = { parent, pageSize: PAGE, pageToken };
      try {
        const { tags, next } = await page(
          timesOf === undefined ? 'tags' : 'versions',
          request,
          api,
        );
        take(tags);
        if (next === '') return { complete: true };
        if (next === pageToken) throw misbehaved('Artifact Registry', 'repeats a page of tags');
        pageToken = next;
      } catch (cause) {
        if (isNotFound(cause)) return { complete: count === 0 };
        if (cause instanceof CountersignError) throw cause;
        throw artifactFailure(cause, repository);
      }
    }
    return { complete: false };
  }

  return (repository, take, options = {}) => {
    const name = artifactName(repository);
    return name && list(name, repository, take, options);
  };
}

const OPTIONS = { timeout: CALL_MS, autoPaginate: false } as const;

/** One page: of tags, or of what they name, which alone has a time. */
async function page(
  of: 'tags' | 'versions',
  request: PageRequest,
  api: ArtifactTags,
): Promise<{ readonly tags: readonly ListedTag[]; readonly next: string }> {
  if (of === 'tags') {
    const [entries, , answer] = await api.listTags(request, OPTIONS);
    return { tags: entries.flatMap((tag) => readTag(tag)), next: answer?.nextPageToken ?? '' };
  }
  const [entries, , answer] = await api.listVersions({ ...request, view: 'FULL' }, OPTIONS);
  return { tags: entries.flatMap(tagsOfVersion), next: answer?.nextPageToken ?? '' };
}

/** `…/packages/IMG/tags/1.4.2` and `…/packages/IMG/versions/sha256:…`. */
function readTag({ name, version }: ArtifactTag, at?: string): readonly ListedTag[] {
  const tag = lastOf(name);
  const digest = lastOf(version);
  return tag === undefined ? [] : [defined({ tag, digest, at })];
}

function tagsOfVersion({ name, createTime, relatedTags }: ArtifactVersion): readonly ListedTag[] {
  const seconds = Number(createTime?.seconds ?? Number.NaN);
  const at = Number.isFinite(seconds)
    ? `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
    : undefined;
  return (relatedTags ?? []).flatMap((tag) => readTag({ version: name ?? null, ...tag }, at));
}

function lastOf(name: string | null | undefined): string | undefined {
  const last = name?.split('/').at(-1);
  return last === '' ? undefined : last;
}
