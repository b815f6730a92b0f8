import type { Stoppable } from './drain.ts';
import type { Log } from './log.ts';
import type { ServeOptions } from './serve-function.ts';

/** After the first answer to a probe that waits for the port. */
const OPEN_AFTER_MS = 50;

/** A function that has read its config and made its clients. */
export interface OpenedFunction {
  readonly app: ServeOptions['app'];
  close(): Promise<void>;
}

export interface OpenLaterOptions {
  readonly open: () => Promise<OpenedFunction>;
  readonly log: Log;
  readonly process: Pick<Stoppable, 'exit'>;
}

/** A function that opens at its first request, or when it is told to. */
export interface LateFunction extends OpenedFunction {
  /** Opens soon, whether somebody asks or not: a config that is wrong has to be told. */
  openSoon(): void;
}

/**
 * Puts what takes time, the config and the clients, behind the first request (docs/adr/0017): the port is there at once,
 * and whoever asks waits for the rest. Only `/health`, which says that the process runs, is answered before. A function
 * that cannot open says why in one line, and exits with 1.
 */
export function openLater({ open, log, process }: OpenLaterOptions): LateFunction {
  let opening: Promise<OpenedFunction> | undefined;
  let current: OpenedFunction | undefined;

  async function openNow(): Promise<OpenedFunction> {
    try {
      current = await open();
      return current;
    } catch (error) {
      log.error({ error }, 'Function cannot start');
      process.exit(1);
      throw error;
    }
  }

  async function opened(): Promise<OpenedFunction> {
    opening ??= openNow();
    return opening;
  }

  return {
    app: {
      async fetch(request, env) {
        if (current === undefined && isHealth(request)) return Response.json({ status: 'ok' });
        const { app } = current ?? (await opened());
        return app.fetch(request, env);
      },
    },
    openSoon() {
      // Whoever waits is told by then, and the process ends.
      setTimeout(() => void opened().catch(() => undefined), OPEN_AFTER_MS).unref();
    },
    async close() {
      await (await opening)?.close();
    },
  };
}

function isHealth({ method, url }: Request): boolean {
  return (method === 'GET' || method === 'HEAD') && new URL(url).pathname === '/health';
}
