import * as z from 'zod';
import type { Document } from './firestore-documents.ts';
import { IMAGE_KEPT_MS } from './firestore-limits.ts';
import {
  type RecordDeps,
  Text,
  idOf,
  packRecord,
  readText,
  replaceRecord,
  unchanged,
  writesOf,
} from './firestore-records.ts';
import { StoredImage, readRecord, writeRecord } from './schema.ts';
import { type ImageKey, type ImageRecord, type Store, isTroubledTag } from './store.ts';

const IMAGES = 'images';
const ImageFields = z.object({ repository: Text, digest: Text });

/**
 * Images as documents, one for each repository and digest or tag. Throws `store-unavailable`, `too-large`.
 *
 * @example
 * const images = createImageStore({ documents, now, onUnreadable });
 * const record = await images.readImage({ repository, digest });
 */
export function createImageStore({
  documents,
  now,
  onUnreadable,
}: RecordDeps): Pick<Store, 'readImage' | 'writeImage' | 'troubledTags'> {
  async function read(key: ImageKey, atHand?: Document): Promise<ImageRecord | undefined> {
    const found = await readText(documents, pathOf(key), atHand);
    if (found === undefined) return undefined;
    const record = readRecord(StoredImage, found.text);
    if (record?.digest === key.digest && record.repository === key.repository) return record;
    onUnreadable({ table: IMAGES, key: `${key.repository}@${key.digest}` });
    return undefined;
  }

  return {
    readImage: (key) => read(key),
    async writeImage(record, condition) {
      const { repository, digest } = record;
      const text = writeRecord(StoredImage, record);
      const packed = await packRecord(text, `Record of image ${digest}`);
      const expireAt = new Date(now().getTime() + IMAGE_KEPT_MS);
      const fields = {
        repository: { stringValue: repository },
        digest: { stringValue: digest },
        troubled: { booleanValue: isTroubledTag(record) },
      };
      const path = pathOf(record);
      const envelope = { path, fields, expireAt };
      if (condition === undefined) return documents.commit(writesOf(packed, envelope, 0));
      const { over } = condition;
      const expected = over === undefined ? undefined : writeRecord(StoredImage, over);
      return replaceRecord(documents, path, async (head) => {
        const inPlace = head && (await read(record, head.document));
        if ((inPlace && writeRecord(StoredImage, inPlace)) !== expected) return undefined;
        return writesOf(packed, { ...envelope, when: unchanged(head) }, 0);
      });
    },
    async troubledTags(limit) {
      const found = await documents.query({
        collection: IMAGES,
        where: { field: 'troubled', op: 'EQUAL', value: { booleanValue: true } },
        orderBy: '__name__',
        limit,
      });
      const records = await Promise.all(
        found.map(async (document) => {
          const { data } = ImageFields.safeParse(document.fields);
          return data && read(data, document);
        }),
      );
      return records.flatMap((record) =>
        record !== undefined && isTroubledTag(record) ? [record] : [],
      );
    },
  };
}

function pathOf({ repository, digest }: ImageKey): string {
  return `${IMAGES}/${idOf(repository, digest)}`;
}
