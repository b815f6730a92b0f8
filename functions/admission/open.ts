import { createApp } from '#shared/http/app.ts';
import type { OpenedFunction } from '#shared/http/open-later.ts';
import { traceRequest } from '#shared/http/app.ts';
import { type AdmissionStart, openParts } from '../wiring/admission.ts';
import { createAdmission, type Engine } from './create-admission.ts';
import { createEngine } from './create-engine.ts';

/**
 * The function that API servers ask (DESIGN section 4): the config, or the one key that stands for it, and of a key that
 * changes, a new engine. Throws `bad-config`.
 */
export async function openAdmission(start: AdmissionStart): Promise<OpenedFunction> {
  const { log, telemetry, now } = start;
  let current: Engine | undefined;
  const stop = await openParts(start, (parts) => {
    current = createEngine({ ...start, ...parts });
  });
  const app = createApp({ log, ...telemetry, ready: async () => undefined });
  app.use('/validate/*', traceRequest(telemetry.tracing));
  app.route('/', createAdmission({ engine, metering: { meter: telemetry.meter, now } }));

  async function engine(): Promise<Engine> {
    if (current === undefined) throw new TypeError('Admission has opened without an engine');
    return current;
  }

  return {
    app,
    async close() {
      stop();
    },
  };
}
