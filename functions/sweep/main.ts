import { startFunction } from '../wiring/start-function.ts';

await startFunction('sweep', async (start) => (await import('./open.ts')).openSweep(start));
