import type { RecordDeps } from './firestore-clusters.ts';
import { IMAGE_KEPT_MS } from './firestore-limits.ts';
import { idOf, readText, writesOf } from './firestore-records.ts';
import type { NoteKind, Notes } from './notes.ts';
import { packRecord } from './pack-record.ts';
import { readRecord, writeRecord } from './record-text.ts';
import { STORED_NOTES } from './schema.ts';
import type { Store } from './store.ts';

const NOTES = 'notes';

/** Notes as documents, one per kind and name; the later write stays. */
export function createNoteStore({
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
