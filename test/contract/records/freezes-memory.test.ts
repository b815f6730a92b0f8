import { beforeEach } from 'vitest';
import { type MemoryFreezes, createMemoryFreezes } from '#test/fakes/memory-freezes.ts';
import { freezesContract } from './freezes-suite.ts';

let memory: MemoryFreezes;
beforeEach(() => {
  memory = createMemoryFreezes();
});

freezesContract({
  name: 'memory',
  open: async () => memory.open(),
  damage: async (text) => memory.set(text),
});
