import { MAX_API_BODY_BYTES } from '#shared/http/limits.ts';
import { startFunction } from '../wiring/start-function.ts';

await startFunction({
  name: 'api',
  open: async (start) => (await import('./open.ts')).openApi(start),
  maxBodyBytes: MAX_API_BODY_BYTES,
});
