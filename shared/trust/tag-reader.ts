import { CountersignError } from '#shared/core/errors.ts';
import type { Manifest, Registry } from '#shared/registry/registry.ts';

import type { Refusal } from './candidate.ts';
import { type Gaps, isLasting } from './gaps.ts';
import type { Lane } from './lane.ts';

export interface TagReaderDeps {
  readonly registry: Registry;
  readonly repository: string;
  readonly lane: Lane;
  readonly gaps: Gaps;
}

type Read = (reference: string) => Promise<Manifest | Refusal | undefined>;

/**
 * Makes a reader of the tags that signatures are under. A tag is absent where the registry says so (404 in its own
 * words), and where it answers the tag with a denial or with a page, and its list of tags, read to the end, does not
 * have it: Artifactory answers 403 for an absent tag, and what stands before a registry answers 404 in HTML. What the
 * list does not settle is a gap.
 */
export function createTagReader(deps: TagReaderDeps, read: Read): Read {
  const { registry, repository, lane, gaps } = deps;
  let listing: Promise<ReadonlySet<string> | undefined> | undefined;

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

  return (tag) =>
    gaps.pass(async () => {
      try {
        return await read(tag);
      } catch (error) {
        if (!isLasting(error)) throw error;
        listing ??= lane(listTags);
        const listed = await listing;
        if (listed === undefined || listed.has(tag)) throw error;
        return undefined;
      }
    });
}
