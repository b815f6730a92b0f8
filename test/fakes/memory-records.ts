import { CountersignError } from '#shared/core/errors.ts';
import { defined } from '#shared/core/defined.ts';
import type { Entry, Records } from '#shared/records/records.ts';
import {
  MAX_IMAGES,
  rangeOf,
  readRecord,
  tooManyImages,
  writeRecord,
} from '#shared/records/schema.ts';

export interface MemoryRecords {
  /** Handles on the same records. */
  open(): Records;
  /** What is in place, as text: for tests that lose or damage it. */
  readonly texts: Map<string, string>;
  /** Every image that ever had a record. */
  readonly images: Set<string>;
  /** From now on each call fails. */
  fail(): void;
}

/** Records in memory, for tests of what uses them. */
export function createMemoryRecords(): MemoryRecords {
  const texts = new Map<string, string>();
  const images = new Set<string>();
  /** How often the record of an image was removed. */
  const removed = new Map<string, number>();
  let failing = false;

  function check(): void {
    if (failing) throw new CountersignError('store-unavailable', 'The records are out of reach');
  }

  /** The text is its own revision: records have versions, so that none comes back until it is removed. */
  function revisionOf(image: string): string | undefined {
    const text = texts.get(image);
    return text === undefined ? undefined : `${removed.get(image) ?? 0} ${text}`;
  }

  function entryOf(image: string): Entry {
    const text = texts.get(image);
    const record = text === undefined ? undefined : readRecord(text, image);
    return defined({
      image,
      record,
      revision: revisionOf(image),
      known: text !== undefined || images.has(image),
    });
  }

  return {
    texts,
    images,
    fail: () => void (failing = true),
    open: () => ({
      read: async (image) => {
        check();
        return entryOf(image);
      },
      list: async () => {
        check();
        return [...new Set([...images, ...texts.keys()])].toSorted().map(entryOf);
      },
      ofRepository: async (repository) => {
        check();
        const { from, before } = rangeOf(repository);
        const names = [...new Set([...images, ...texts.keys()])].toSorted();
        return names.filter((image) => image >= from && image < before).map(entryOf);
      },
      replace: async (record, { revision }) => {
        check();
        const { image } = record;
        const text = writeRecord(record);
        if (revisionOf(image) !== revision) return false;
        if (revision === undefined && texts.size >= MAX_IMAGES) throw tooManyImages(image);
        texts.set(image, text);
        images.add(image);
        return true;
      },
      remove: async ({ image, revision }) => {
        check();
        if (revision === undefined || revisionOf(image) !== revision) return false;
        removed.set(image, (removed.get(image) ?? 0) + 1);
        texts.delete(image);
        images.delete(image);
        return true;
      },
      close: () => Promise.resolve(),
    }),
  };
}
