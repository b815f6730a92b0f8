import type { RecordDeps } from './firestore-clusters.ts';
import { type Document, ImageFields } from './firestore-schema.ts';
import { storeUnavailable } from './firestore-failure.ts';
import { IMAGE_KEPT_MS, MAX_CONFLICTS } from './firestore-limits.ts';
import { idOf, readText, writesOf } from './firestore-records.ts';
import { packRecord } from './pack-record.ts';
import { readRecord, writeRecord } from './record-text.ts';
import { StoredImage } from './schema.ts';
import { type ImageKey, type ImageRecord, type Store, isTroubledTag } from './store.ts';

const IMAGES = 'images';

/** Images as documents, one for each repository and digest or tag. Throws what the REST client throws. */
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
      const writes = writesOf(packed, { path, fields, expireAt }, 0);
      if (condition === undefined) return documents.commit(writes);
      const { over } = condition;
      const expected = over === undefined ? undefined : writeRecord(StoredImage, over);
      for (let count = 0; count < MAX_CONFLICTS; count += 1) {
        const head = (await documents.get([path])).get(path);
        const inPlace = head && (await read(record, head));
        if ((inPlace && writeRecord(StoredImage, inPlace)) !== expected) return false;
        const when = head === undefined ? { exists: false } : { updateTime: head.updateTime };
        const [own, ...parts] = writes;
        if (own === undefined || (await documents.commit([{ ...own, when }, ...parts])))
          return true;
      }
      throw storeUnavailable(new Error(`others replaced ${path} ${MAX_CONFLICTS} times meanwhile`));
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
