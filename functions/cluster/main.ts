import { startFunction } from '../wiring/start-function.ts';

await startFunction('cluster', async (start) => (await import('./open.ts')).openCluster(start));
