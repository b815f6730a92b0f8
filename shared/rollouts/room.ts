import { tryReference } from '#shared/core/reference.ts';
import { MAX_IMAGES, MAX_TAGS } from '#shared/records/schema.ts';

/** Room for first records. */
export interface Room {
  /** Takes a place for an image that has none yet; false: none is left, in all or for its repository. */
  take(image: string): boolean;
}

/**
 * The room that is left beside the images that have, or had, a record. It is asked before anything is published: what
 * could not be recorded has not begun.
 *
 * @example
 * const room = createRoom(await records.list());
 * if (!room.take(image)) return;
 */
export function createRoom(entries: Iterable<{ readonly image: string }>): Room {
  const taken = new Set<string>();
  const tags = new Map<string, number>();

  function add(image: string): void {
    const repository = tryReference(image)?.repository ?? image;
    taken.add(image);
    tags.set(repository, (tags.get(repository) ?? 0) + 1);
  }

  for (const { image } of entries) add(image);
  return {
    take(image) {
      if (taken.has(image)) return true;
      const repository = tryReference(image)?.repository ?? image;
      if (taken.size >= MAX_IMAGES || (tags.get(repository) ?? 0) >= MAX_TAGS) return false;
      add(image);
      return true;
    },
  };
}
