import { createApp } from '#shared/edge/app.ts';
import { MAX_REVIEW_BODY_BYTES } from '#shared/edge/limits.ts';
import { traceRequest } from '#shared/edge/trace-request.ts';
import { readAdmissionStart, run } from '../wiring/base.ts';
import { createAdmission, type Engine } from './create-admission.ts';
import { refuseBody } from './refuse-body.ts';

await run('admission', async () => {
  const start = await readAdmissionStart();
  const { admission, log, telemetry } = start;
  // What reviews are judged with is loaded while the first of them is on its way: a start has to be short.
  const opening = open(start);
  opening.catch((error: unknown) => {
    log.error({ error }, 'Function cannot start');
    process.exit(1);
  });
  const app = createApp({
    log,
    ...telemetry,
    ready: async () => {
      await opening;
    },
  });
  const { tracing, meter } = telemetry;
  app.use('/validate/*', traceRequest(tracing));
  const engine = async () => (await opening).current();
  app.route('/', createAdmission({ engine, metering: { meter, now: start.now } }));
  const shared = {
    app,
    log,
    maxBodyBytes: MAX_REVIEW_BODY_BYTES,
    refusal: refuseBody,
    process,
    async close() {
      (await opening).close();
      await telemetry.close();
    },
  };
  const { tls, port, host } = admission;
  if (tls !== undefined) {
    const { serveTls } = await import('#shared/edge/serve-tls.ts');
    await serveTls({ ...shared, port, host, files: tls });
    return;
  }
  const [{ serveFunction }, { functionsFramework: framework }] = await Promise.all([
    import('#shared/edge/serve-function.ts'),
    import('#shared/edge/framework.ts'),
  ]);
  await serveFunction({ ...shared, name: 'admission', port, host, framework });
});

interface Opened {
  current(): Engine;
  close(): void;
}

/** Reads the config, or the one key that stands for it, and makes the engine; of a key that changes, a new one. */
async function open(start: Awaited<ReturnType<typeof readAdmissionStart>>): Promise<Opened> {
  const [{ openAdmission }, { createEngine }] = await Promise.all([
    import('../wiring/admission.ts'),
    import('./create-engine.ts'),
  ]);
  let engine: Engine | undefined;
  const close = await openAdmission(start, (parts) => {
    engine = createEngine({ ...start, ...parts });
  });
  return {
    close,
    current() {
      if (engine === undefined) throw new TypeError('Admission has opened without an engine');
      return engine;
    },
  };
}
