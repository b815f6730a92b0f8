import { startFunction } from '../wiring/start-function.ts';

await startFunction('history', async (start) => (await import('./open.ts')).openRecorder(start));
