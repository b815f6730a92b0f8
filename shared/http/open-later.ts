import type { Stoppable } from './drain.ts';
import type { Log } from './log.ts';
import type { ServeOptions } from './serve.ts';

/** After the first answer to a probe that waits for the port. */
const OPEN_AFTER_MS = 50;

/** A function that has read its config and made its clients. */
export interface OpenedFunction {
  readonly app: ServeOptions['app'];
  /**
   * Loads what its first message will need. Called once it is open, so that a process that was started ahead has done
   * so by then. What fails is met again when it is needed, and reported there.
   */
  warmUp?(): Promise<void>;
  /** Called when it begins to stop: ends answers that would not end by themselves. */
  endAnswers?(): void;
  close(): Promise<void>;
}

export interface OpenLaterOptions {
  readonly open: () => Promise<OpenedFunction>;
  readonly log: Log;
  readonly process: Pick<Stoppable, 'exit'>;
}

/** A function that opens at its first request, or when `openSoon` is called. */
export interface LateFunction extends Omit<OpenedFunction, 'warmUp'> {
  /** Opens soon, whether a request comes or not: a config that is wrong has to be reported. */
  openSoon(): void;
}

/**
 * Puts what takes time, the config and the clients, behind the first request (docs/adr/0017): the port is there at
 * once, and the first caller waits for the rest. Only `/health`, which says that the process runs, is answered before.
 * A function that cannot open says why in one line, and exits with 1.
 *
 * @example
 * const late = openLater({ open, log, process });
 * await serveFunction({ ...options, app: late.app });
 * late.openSoon();
 */
export function openLater({ open, log, process }: OpenLaterOptions): LateFunction {
  let opening: Promise<OpenedFunction> | undefined;
  let current: OpenedFunction | undefined;

  async function openNow(): Promise<OpenedFunction> {
    try {
      const opened = await open();
      current = opened;
      // After the request that has waited: it goes to the network first, which takes no CPU.
      setImmediate(() => void opened.warmUp?.().catch(() => undefined));
      return opened;
    } catch (error) {
      log.error({ error }, 'Function cannot start');
      process.exit(1);
      throw error;
    }
  }

  return {
    app: {
      async fetch(request, env) {
        if (current === undefined && isHealth(request)) return answerHealth();
        const { app } = current ?? (await (opening ??= openNow()));
        return app.fetch(request, env);
      },
    },
    openSoon() {
      // A failure is logged by then, and the process ends.
      setTimeout(() => void (opening ??= openNow()).catch(() => undefined), OPEN_AFTER_MS).unref();
    },
    endAnswers() {
      current?.endAnswers?.();
    },
    async close() {
      await (await opening)?.close();
    },
  };
}

/** The answer to a probe, before the function has opened and afterwards: it says that the process runs. */
export function answerHealth(): Response {
  return Response.json({ status: 'ok' });
}

function isHealth({ method, url }: Request): boolean {
  return (method === 'GET' || method === 'HEAD') && new URL(url).pathname === '/health';
}
