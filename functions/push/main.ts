import { startFunction } from '../wiring/start-function.ts';

await startFunction({
  name: 'push',
  open: async (start) => (await import('./open.ts')).openPush(start),
});
