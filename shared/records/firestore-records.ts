import { createHash } from 'node:crypto';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import {
  type Document,
  type Documents,
  type FirestoreDeps,
  type Query,
  createDocuments,
} from '#shared/net/firestore.ts';
import type { Entry, Records } from './records.ts';
import { replaceDocument, TextField } from './replace-document.ts';
import { MAX_IMAGES, rangeOf, readRecord, tooManyImages, writeRecord } from './schema.ts';

/** One document an image: its record. */
const RECORDS = 'rollouts';
/** One document for each image that ever had a record, so that a lost record is known to be lost. */
const IMAGES = 'images';

/** Documents in one answer: with a record of 64 KiB each, about 7 MiB. */
const PAGE = 100;

const NamedFields = z.object({ image: TextField });
const RecordFields = z.object({ record: TextField });

export type FirestoreRecordsOptions = Omit<FirestoreDeps, 'setting'>;

/**
 * Records in a Firestore database of their own, for functions that run apart; docs/store.md#records has what it needs.
 * Throws `store-unavailable`.
 *
 * @example
 * const records = openFirestoreRecords({ fetch, project: 'acme', database: 'countersign-records', googleToken });
 * const { record } = await records.read('us-docker.pkg.dev/acme/configs/platform:v1');
 */
export function openFirestoreRecords(options: FirestoreRecordsOptions): Records {
  const documents = createDocuments({ ...options, setting: 'records.firestore' });

  async function find(path: string): Promise<Document | undefined> {
    return (await documents.get([path])).get(path);
  }

  return {
    async read(image) {
      const path = pathOf(RECORDS, image);
      const document = await find(path);
      if (document !== undefined) return entryOf(image, document);
      if ((await find(pathOf(IMAGES, image))) === undefined) return { image, known: false };
      // Its first record may have been written in between: then it is not lost.
      const after = await find(path);
      return after === undefined ? { image, known: true } : entryOf(image, after);
    },
    list: () => entriesOf(documents, BY_NAME),
    ofRepository: (repository) => entriesOf(documents, byImage(repository)),
    async replace(record, { revision }) {
      const { image } = record;
      const path = pathOf(RECORDS, image);
      const named = { image: { stringValue: image } };
      const fields = { ...named, record: { stringValue: writeRecord(record) } };
      const first = [{ set: pathOf(IMAGES, image), fields: named }];
      if (revision === undefined && (await countRecords(documents)) >= MAX_IMAGES) {
        throw tooManyImages(image);
      }
      return replaceDocument(documents, { set: path, fields }, { revision, first });
    },
    async remove({ image, revision }) {
      if (revision === undefined) return false;
      const path = pathOf(RECORDS, image);
      const when = { updateTime: revision };
      const writes = [{ delete: path, when }, { delete: pathOf(IMAGES, image) }];
      if ((await documents.commit(writes)) !== undefined) return true;
      // Where the answer of an attempt was lost, the next one finds nothing left.
      const found = await documents.get([path, pathOf(IMAGES, image)]);
      return found.size === 0;
    },
    // Nothing stays open: connections are those of the process.
    close: () => Promise.resolve(),
  };
}

/** An id that any image can have: document ids allow no slash. */
function pathOf(collection: string, image: string): string {
  return `${collection}/${createHash('sha256').update(image).digest('hex')}`;
}

function entryOf(image: string, { fields, updateTime }: Document): Entry {
  const { data } = RecordFields.safeParse(fields);
  const record = data && readRecord(data.record, image);
  return defined({ image, record, revision: updateTime, known: true });
}

function countRecords(documents: Documents): Promise<number> {
  const value = { stringValue: '' };
  return documents.count(RECORDS, { field: 'image', op: 'GREATER_THAN', value });
}

/** Some of the documents of a collection, in an order. */
interface Selection extends Pick<Query, 'where' | 'orderBy'> {
  /** What comes after a document in that order. */
  readonly after: (document: Document) => unknown;
}

const BY_NAME: Selection = {
  orderBy: '__name__',
  after: ({ name }) => ({ referenceValue: name }),
};

function byImage(repository: string): Selection {
  const { from, before } = rangeOf(repository);
  return {
    where: [
      { field: 'image', op: 'GREATER_THAN_OR_EQUAL', value: { stringValue: from } },
      { field: 'image', op: 'LESS_THAN', value: { stringValue: before } },
    ],
    orderBy: 'image',
    after: ({ fields }) => fields['image'],
  };
}

async function entriesOf(documents: Documents, selection: Selection): Promise<readonly Entry[]> {
  // In this order: an image whose first record is written in between is not taken for one whose record is lost.
  const entries = new Map<string, Entry>();
  for await (const { image } of listAll(documents, IMAGES, selection)) {
    entries.set(image, { image, known: true });
  }
  for await (const { image, document } of listAll(documents, RECORDS, selection)) {
    entries.set(image, entryOf(image, document));
  }
  return [...entries.values()].toSorted((a, b) => (a.image < b.image ? -1 : 1));
}

/** Documents of a collection that are where their image has them; of another's making, one may be anywhere. */
async function* listAll(
  documents: Documents,
  collection: string,
  { after: placeOf, ...order }: Selection,
): AsyncGenerator<{ readonly image: string; readonly document: Document }> {
  for (let after: unknown; ; ) {
    const page = await documents.query(defined({ collection, ...order, after, limit: PAGE }));
    for (const document of page) {
      const { data } = NamedFields.safeParse(document.fields);
      if (data === undefined || !document.name.endsWith(`/${pathOf(collection, data.image)}`)) {
        continue;
      }
      yield { image: data.image, document };
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = placeOf(last);
  }
}
