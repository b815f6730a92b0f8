import { beforeEach } from 'vitest';
import { type MemoryRecords, createMemoryRecords } from '#test/fakes/memory-records.ts';
import { recordsContract } from './suite.ts';

let memory: MemoryRecords;
beforeEach(() => {
  memory = createMemoryRecords();
});

recordsContract({
  name: 'memory',
  open: async () => memory.open(),
  damage: async (image, text) => {
    if (text === undefined) memory.texts.delete(image);
    else memory.texts.set(image, text);
  },
});
