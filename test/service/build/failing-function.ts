// A function that fails once it runs; bundled and started by start.test.ts.
import { createLogger } from '#shared/http/log.ts';

const log = createLogger({ level: 'info', service: 'failing' });
log.info({ port: 0 }, 'Listening');
setImmediate(() => {
  log.error({ error: new TypeError('on purpose') }, 'Failed');
});
