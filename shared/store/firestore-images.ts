import type { RecordDeps } from './firestore-clusters.ts';
import { IMAGE_KEPT_MS } from './firestore-limits.ts';
import { idOf, readText, writesOf } from './firestore-records.ts';
import { packRecord } from './pack-record.ts';
import { readRecord, writeRecord } from './record-text.ts';
import { StoredImage } from './schema.ts';
import type { ImageKey, Store } from './store.ts';

const IMAGES = 'images';

/** Images as documents, one per repository and digest; the later write stays. */
export function createImageStore({
  documents,
  now,
  onUnreadable,
}: RecordDeps): Pick<Store, 'readImage' | 'writeImage'> {
  return {
    async readImage(key) {
      const found = await readText(documents, pathOf(key));
      if (found === undefined) return undefined;
      const record = readRecord(StoredImage, found.text);
      if (record?.digest === key.digest && record.repository === key.repository) return record;
      onUnreadable({ table: IMAGES, key: `${key.repository}@${key.digest}` });
      return undefined;
    },
    async writeImage(record) {
      const { repository, digest } = record;
      const packed = await packRecord(
        writeRecord(StoredImage, record),
        `Record of image ${digest}`,
      );
      const expireAt = new Date(now().getTime() + IMAGE_KEPT_MS);
      const fields = { repository: { stringValue: repository }, digest: { stringValue: digest } };
      await documents.commit(writesOf(packed, { path: pathOf(record), fields, expireAt }, 0));
    },
  };
}

function pathOf({ repository, digest }: ImageKey): string {
  return `${IMAGES}/${idOf(repository, digest)}`;
}
