import { startFunction } from '../wiring/start-function.ts';

await startFunction('push', async (start) => (await import('./open.ts')).openPush(start));
