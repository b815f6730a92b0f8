import { MAX_API_BODY_BYTES } from '#shared/http/limits.ts';
import { startFunction } from '../wiring/start-function.ts';

await startFunction(
  'api',
  async (start) => (await import('./open.ts')).openApi(start),
  MAX_API_BODY_BYTES,
);
