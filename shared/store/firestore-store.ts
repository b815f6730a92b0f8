import * as z from 'zod';
import { type Document, type FirestoreDeps, createDocuments } from '#shared/net/firestore.ts';
import { createClusterStore } from './firestore-clusters.ts';
import {
  IMAGE_KEPT_MS,
  type RecordDeps,
  Text,
  idOf,
  packRecord,
  readStored,
  replaceRecord,
  unchanged,
  writesOf,
} from './firestore-records.ts';
import { STORED_NOTES, StoredImage, writeRecord } from './schema.ts';
import { type ImageKey, type ImageRecord, type Store, isTroubledTag } from './store.ts';

export interface FirestoreStoreOptions
  extends Omit<FirestoreDeps, 'setting'>,
    Omit<RecordDeps, 'documents'> {}

/**
 * The store in a Firestore database, for functions that run apart; docs/store.md has what the database needs. Throws
 * `store-unavailable` when Firestore does not do as asked after retries, `too-large` for a record that is.
 *
 * @example
 * const store = openFirestoreStore({ fetch, project: 'acme', database: 'countersign', googleToken, now, onUnreadable });
 * const record = await store.readCluster('edge-1');
 */
export function openFirestoreStore(options: FirestoreStoreOptions): Store {
  const { now, onUnreadable } = options;
  const documents = createDocuments({ ...options, setting: 'store.firestore' });
  const deps = { documents, now, onUnreadable };
  return {
    ...createClusterStore(deps),
    ...createImageStore(deps),
    ...createNoteStore(deps),
    // Nothing stays open: connections are those of the process.
    close: () => Promise.resolve(),
  };
}

const IMAGES = 'images';
const ImageFields = z.object({ repository: Text, digest: Text });

/** Images as documents, one for each repository and digest or tag. */
function createImageStore(
  deps: RecordDeps,
): Pick<Store, 'readImage' | 'writeImage' | 'troubledTags'> {
  const { documents, now } = deps;
  const pathOf = ({ repository, digest }: ImageKey): string =>
    `${IMAGES}/${idOf(repository, digest)}`;

  function read(image: ImageKey, atHand?: Document): Promise<ImageRecord | undefined> {
    const { repository, digest } = image;
    const place = { path: pathOf(image), table: IMAGES, key: `${repository}@${digest}` };
    const isOwn = (record: ImageRecord): boolean =>
      record.digest === digest && record.repository === repository;
    return readStored(deps, place, StoredImage, { atHand, isOwn });
  }

  return {
    readImage: (key) => read(key),
    async writeImage(record, condition) {
      const { repository, digest } = record;
      const packed = await packRecord(
        writeRecord(StoredImage, record),
        `Record of image ${digest}`,
      );
      const expireAt = new Date(now().getTime() + IMAGE_KEPT_MS);
      const fields = {
        repository: { stringValue: repository },
        digest: { stringValue: digest },
        troubled: { booleanValue: isTroubledTag(record) },
      };
      const path = pathOf(record);
      const envelope = { path, fields, expireAt };
      if (condition === undefined) {
        return (await documents.commit(writesOf(packed, envelope, 0))) !== undefined;
      }
      const { over } = condition;
      const expected = over && writeRecord(StoredImage, over);
      return replaceRecord(documents, path, async (head) => {
        const inPlace = head && (await read(record, head.document));
        if ((inPlace && writeRecord(StoredImage, inPlace)) !== expected) return undefined;
        return writesOf(packed, { ...envelope, when: unchanged(head) }, 0);
      });
    },
    async troubledTags(limit) {
      const found = await documents.query({
        collection: IMAGES,
        where: [{ field: 'troubled', op: 'EQUAL', value: { booleanValue: true } }],
        orderBy: '__name__',
        limit,
      });
      const records = await Promise.all(
        found.map(async (document) => {
          const { data } = ImageFields.safeParse(document.fields);
          return data && read(data, document);
        }),
      );
      return records.filter(isTroubledTag);
    },
  };
}

const NOTES = 'notes';

/** Notes as documents, one per kind and name; the later write stays. */
function createNoteStore(deps: RecordDeps): Pick<Store, 'readNote' | 'writeNote'> {
  const pathOf = (kind: string, name: string): string => `${NOTES}/${idOf(kind, name)}`;
  return {
    readNote(kind, name) {
      const place = { path: pathOf(kind, name), table: NOTES, key: `${kind} ${name}` };
      return readStored(deps, place, STORED_NOTES[kind]);
    },
    async writeNote(kind, name, note) {
      const text = writeRecord(STORED_NOTES[kind], note);
      const packed = await packRecord(text, `Note ${kind} ${name}`);
      const expireAt = new Date(deps.now().getTime() + IMAGE_KEPT_MS);
      const fields = { kind: { stringValue: kind }, name: { stringValue: name } };
      const envelope = { path: pathOf(kind, name), fields, expireAt };
      await deps.documents.commit(writesOf(packed, envelope, 0));
    },
  };
}
