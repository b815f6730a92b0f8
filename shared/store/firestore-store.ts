import { createClusterStore } from './firestore-clusters.ts';
import { type FirestoreDeps, createDocuments } from './firestore-documents.ts';
import { createImageStore } from './firestore-images.ts';
import {
  DEFAULT_FIRESTORE_LIMITS,
  type FirestoreLimits,
  IMAGE_KEPT_MS,
} from './firestore-limits.ts';
import { type RecordDeps, idOf, packRecord, readText, writesOf } from './firestore-records.ts';
import { STORED_NOTES, readRecord, writeRecord } from './schema.ts';
import type { NoteKind, Notes, Store } from './store.ts';

export interface FirestoreStoreOptions extends Omit<FirestoreDeps, 'limits'> {
  readonly now: () => Date;
  readonly onUnreadable?: RecordDeps['onUnreadable'];
  readonly limits?: FirestoreLimits;
}

/**
 * The store in a Firestore database, for functions that run apart; docs/store.md has what the database needs. Throws
 * `store-unavailable` when Firestore does not do as asked after retries, `too-large` for a record that is.
 *
 * @example
 * const store = openFirestoreStore({ fetch, project: 'acme', database: 'countersign', googleToken, now });
 * const record = await store.readCluster('edge-1');
 */
export function openFirestoreStore(options: FirestoreStoreOptions): Store {
  const { now, onUnreadable = ignore, limits = DEFAULT_FIRESTORE_LIMITS } = options;
  const documents = createDocuments({ ...options, limits });
  const deps = { documents, now, onUnreadable };
  return {
    ...createClusterStore(deps),
    ...createImageStore(deps),
    ...createNoteStore(deps),
    // Nothing stays open: connections are those of the process.
    close: () => Promise.resolve(),
  };
}

const NOTES = 'notes';

/** Notes as documents, one per kind and name; the later write stays. */
function createNoteStore({
  documents,
  now,
  onUnreadable,
}: RecordDeps): Pick<Store, 'readNote' | 'writeNote'> {
  return {
    async readNote<Kind extends NoteKind>(kind: Kind, name: string) {
      const found = await readText(documents, pathOf(kind, name));
      if (found === undefined) return undefined;
      const note = readRecord(STORED_NOTES[kind], found.text);
      if (note === undefined) onUnreadable({ table: NOTES, key: `${kind} ${name}` });
      return note;
    },
    async writeNote<Kind extends NoteKind>(kind: Kind, name: string, note: Notes[Kind]) {
      const packed = await packRecord(
        writeRecord(STORED_NOTES[kind], note),
        `Note ${kind} ${name}`,
      );
      const expireAt = new Date(now().getTime() + IMAGE_KEPT_MS);
      const fields = { kind: { stringValue: kind }, name: { stringValue: name } };
      await documents.commit(writesOf(packed, { path: pathOf(kind, name), fields, expireAt }, 0));
    },
  };
}

function pathOf(kind: NoteKind, name: string): string {
  return `${NOTES}/${idOf(kind, name)}`;
}

function ignore(): void {}
