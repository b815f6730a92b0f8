import { beforeEach } from 'vitest';
import { type MemoryHistory, createMemoryHistory } from '#test/fakes/memory-history.ts';
import { historyContract } from './suite.ts';

let memory: MemoryHistory;
beforeEach(() => {
  memory = createMemoryHistory();
});

historyContract({
  name: 'memory',
  open: async () => memory.open(),
  damage: async (id, text) => void memory.texts.set(id, text),
});
