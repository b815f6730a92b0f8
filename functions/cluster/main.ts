import { startFunction } from '../wiring/start-function.ts';

await startFunction({
  name: 'cluster',
  open: async (start) => (await import('./open.ts')).openCluster(start),
});
