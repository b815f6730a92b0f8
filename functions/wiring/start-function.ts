import { MAX_MESSAGE_BODY_BYTES } from '#shared/http/limits.ts';
import { type OpenedFunction, openLater } from '#shared/http/open-later.ts';
import { functionsFramework } from '#shared/http/framework.ts';
import { serveFunction } from '#shared/http/serve-function.ts';
import { readStart, run, type Start } from './base.ts';

export interface FunctionOptions {
  readonly name: string;
  /** Reads the config, and makes the clients. */
  readonly open: (start: Start) => Promise<OpenedFunction>;
  readonly maxBodyBytes?: number;
}

/** Serves a function under functions-framework until it is told to stop: it listens first, and opens afterwards. */
export async function startFunction(options: FunctionOptions): Promise<void> {
  const { name, open, maxBodyBytes = MAX_MESSAGE_BODY_BYTES } = options;
  await run(name, async () => {
    const start = await readStart(name);
    const { env, log, telemetry } = start;
    const late = openLater({ open: () => open(start), log, process });
    await serveFunction({
      name,
      app: late.app,
      port: env.port,
      host: env.host,
      maxBodyBytes,
      log,
      framework: functionsFramework,
      async close() {
        await late.close();
        await telemetry.close();
      },
      process,
    });
    late.openSoon();
  });
}
