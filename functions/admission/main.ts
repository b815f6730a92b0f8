import { createApp } from '#shared/edge/app.ts';
import { MAX_REVIEW_BODY_BYTES } from '#shared/edge/limits.ts';
import type { ServeOptions } from '#shared/edge/serve-function.ts';
import { traceRequest } from '#shared/edge/trace-request.ts';
import { readAdmissionStart, run } from '../wiring/base.ts';
import { createAdmission, type Engine } from './create-admission.ts';
import { refuseBody } from './refuse-body.ts';

/** After the first answer to a probe that waits for the port. */
const OPEN_AFTER_MS = 50;

await run('admission', async () => {
  const start = await readAdmissionStart();
  const { admission, log, telemetry } = start;
  // What reviews are judged with is loaded when the first of them, or a probe, asks for it, and soon in any case: a
  // start has to be short, and a config that is wrong has to be told.
  let opening: Promise<Opened> | undefined;
  function opened(): Promise<Opened> {
    opening ??= open(start).catch((error: unknown) => {
      log.error({ error }, 'Function cannot start');
      process.exit(1);
    });
    return opening;
  }
  const app = createApp({
    log,
    ...telemetry,
    ready: async () => {
      await opened();
    },
  });
  const { tracing, meter } = telemetry;
  app.use('/validate/*', traceRequest(tracing));
  const engine = async () => (await opened()).current();
  app.route('/', createAdmission({ engine, metering: { meter, now: start.now } }));
  const shared = {
    app,
    log,
    maxBodyBytes: MAX_REVIEW_BODY_BYTES,
    refusal: refuseBody,
    process,
    async close() {
      (await opening)?.close();
      await telemetry.close();
    },
  };
  const { tls, port, host } = admission;
  if (tls !== undefined) {
    const { serveTls } = await import('#shared/edge/serve-tls.ts');
    await serveTls({ ...shared, port, host, files: tls });
  } else await serveUnderFramework({ ...shared, port, host });
  setTimeout(() => void opened(), OPEN_AFTER_MS);
});

/** Plain HTTP, behind Cloud Run or on this machine. */
async function serveUnderFramework(
  options: Omit<ServeOptions, 'name' | 'framework'>,
): Promise<void> {
  const [{ serveFunction }, { functionsFramework: framework }] = await Promise.all([
    import('#shared/edge/serve-function.ts'),
    import('#shared/edge/framework.ts'),
  ]);
  await serveFunction({ ...options, name: 'admission', framework });
}

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
