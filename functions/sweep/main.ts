import { startFunction } from '../wiring/start-function.ts';

await startFunction({
  name: 'sweep',
  open: async (start) => (await import('./open.ts')).openSweep(start),
});
