import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { type Document, createDocuments } from '#shared/net/firestore.ts';
import type { FirestoreRecordsOptions } from './firestore-records.ts';
import type { Freezes, FreezesFound } from './freezes.ts';
import { readFreezes, writeFreezes } from './freezes-schema.ts';
import { replaceDocument, TextField } from './replace-document.ts';

/** The one document with all of them. */
const FREEZES = 'freezes/people';
/** That there has been one, so that one that is gone is known to be lost. */
const KNOWN = 'freezes/known';

const Fields = z.object({ freezes: TextField });

/**
 * Freezes in the Firestore database of the records (docs/store.md#records). Throws `store-unavailable`.
 *
 * @example
 * const freezes = openFirestoreFreezes({ fetch, project: 'acme', database: 'countersign-records', googleToken });
 * const { lost } = await freezes.read();
 */
export function openFirestoreFreezes(options: FirestoreRecordsOptions): Freezes {
  const documents = createDocuments({ ...options, setting: 'records.firestore' });

  return {
    async read() {
      const found = await documents.get([FREEZES, KNOWN]);
      return foundIn(found.get(FREEZES), found.has(KNOWN));
    },
    async replace(freezes, { revision }) {
      const fields = { freezes: { stringValue: writeFreezes(freezes) } };
      const first = [{ set: KNOWN, fields: {} }];
      return replaceDocument(documents, { set: FREEZES, fields }, { revision, first });
    },
    // Nothing stays open: connections are those of the process.
    close: () => Promise.resolve(),
  };
}

function foundIn(document: Document | undefined, known: boolean): FreezesFound {
  if (document === undefined) return { freezes: [], lost: known };
  const { data } = Fields.safeParse(document.fields);
  const freezes = data && readFreezes(data.freezes);
  return defined({
    freezes: freezes ?? [],
    lost: freezes === undefined,
    revision: document.updateTime,
  });
}
