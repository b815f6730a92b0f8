import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Records } from '#shared/records/records.ts';
import { createMemoryRecords } from '#test/fakes/memory-records.ts';
import type { Process } from '../sim/process.ts';

/** Sees what the records' database does, at the moment it does it. */
export interface RecordsObserver {
  read(repository: string): void;
  replaced(record: RolloutRecord, by: string): void;
}

/** The database of records, which can be lost in part or whole. */
export interface SimRecords {
  /** As one process sees it. */
  open(process: Pick<Process, 'call' | 'name'>): Records;
  /** What people read and write, without faults. */
  readonly direct: Records;
  /** The record of one image is gone; that it had one is remembered. */
  loseRecord(image: string): void;
  /** The whole database is gone. */
  loseAll(): void;
}

export function createSimRecords(observer: RecordsObserver): SimRecords {
  const memory = createMemoryRecords();
  const whole = memory.open();
  const PEOPLE = 'people';

  async function replace(...[record, over, by]: [...Parameters<Records['replace']>, string]) {
    const written = await whole.replace(record, over);
    if (written) observer.replaced(record, by);
    return written;
  }

  return {
    open: ({ call, name }) => {
      return {
        read: (image) => call('records', () => whole.read(image)),
        list: () => call('records', () => whole.list()),
        // What decides what an RSync may be approved for.
        ofRepository: (repository) =>
          call('records', () => {
            observer.read(repository);
            return whole.ofRepository(repository);
          }),
        replace: (record, over) => call('records', () => replace(record, over, name)),
        remove: (entry) => call('records', () => whole.remove(entry)),
        close: () => Promise.resolve(),
      };
    },
    direct: { ...whole, replace: (record, over) => replace(record, over, PEOPLE) },
    loseRecord: (image) => void memory.texts.delete(image),
    loseAll() {
      memory.texts.clear();
      memory.images.clear();
    },
  };
}
