import type { Server, ServerResponse } from 'node:http';
import { within } from '#shared/net/within.ts';
import { CLOSE_LIMIT_MS, DRAIN_LIMIT_MS, HAND_BACK_MS } from './limits.ts';
import type { Log } from './log.ts';

/** The part of `process` that is needed to stop. */
export interface Stoppable {
  on(event: string, listener: (value: unknown) => void): unknown;
  exit(code: number): void;
}

export interface DrainOptions {
  readonly log: Log;
  readonly process: Stoppable;
  /** Ends answers that would not end by themselves. */
  readonly endAnswers?: (() => void) | undefined;
  /** Closes clients and the store once the last answer is out. */
  readonly close?: () => Promise<void>;
  readonly drainLimitMs?: number;
}

/**
 * On SIGTERM and SIGINT stops accepting, lets requests in flight finish, hands back with 503 those that do not in time,
 * closes and exits 0, all within Cloud Run's ten seconds. An unhandled rejection is logged and survived; an uncaught
 * exception drains and exits 1.
 */
export function drainOnSignals(
  server: Server,
  inFlight: readonly ServerResponse[],
  options: DrainOptions,
): void {
  const { log, process: stoppable, close, endAnswers, drainLimitMs = DRAIN_LIMIT_MS } = options;
  let draining: Promise<void> | undefined;

  async function drain(exitCode: number): Promise<void> {
    let cut: NodeJS.Timeout | undefined;
    const limit = setTimeout(() => {
      log.warn({ inFlight: inFlight.length, drainLimitMs }, 'Requests were handed back');
      for (const res of inFlight) handBack(res);
      cut = setTimeout(() => server.closeAllConnections(), HAND_BACK_MS);
    }, drainLimitMs);
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    // Kept-alive connections would keep the server open until they go idle: the answer closes them.
    for (const res of inFlight) if (!res.headersSent) res.setHeader('connection', 'close');
    endAnswers?.();
    await closed;
    clearTimeout(limit);
    clearTimeout(cut);
    const closing = within(
      CLOSE_LIMIT_MS,
      async () => close?.(),
      () => undefined,
    );
    await closing.catch((error: unknown) => log.warn({ error }, 'Closing failed'));
    log.info({ exitCode }, 'Stopped');
    stoppable.exit(exitCode);
  }

  function stop(reason: string, exitCode: number): void {
    if (draining !== undefined) {
      // A second Ctrl-C: the person at the terminal does not want to wait.
      if (reason === 'SIGINT') server.closeAllConnections();
      return;
    }
    log.info({ reason, inFlight: inFlight.length }, 'Draining');
    draining = drain(exitCode);
  }

  stoppable.on('SIGTERM', () => stop('SIGTERM', 0));
  stoppable.on('SIGINT', () => stop('SIGINT', 0));
  stoppable.on('unhandledRejection', (error) => log.error({ error }, 'Unhandled rejection'));
  stoppable.on('uncaughtException', (error) => {
    log.error({ error }, 'Uncaught exception');
    stop('uncaughtException', 1);
  });
}

/** What is not done by now is for another instance: Pub/Sub delivers the message again at once. */
function handBack(res: ServerResponse): void {
  if (res.headersSent) return;
  res.writeHead(503, { 'retry-after': '1', connection: 'close' });
  res.end();
}

/**
 * The answers of a server that are not at their end.
 *
 * An array, for a Set that things come and go in is a row of tables that point to each other: V8 keeps them, and every
 * response in them, until the next full collection, of which there were eight a second (docs/performance.md).
 */
export function trackResponses(server: Server): readonly ServerResponse[] {
  const inFlight: ServerResponse[] = [];
  function leave(res: ServerResponse): void {
    const at = inFlight.indexOf(res);
    const last = inFlight.pop();
    if (last !== undefined && last !== res) inFlight[at] = last;
  }
  server.prependListener('request', (_req, res) => {
    inFlight.push(res);
    if (!server.listening) res.setHeader('connection', 'close');
    res.once('close', () => {
      leave(res);
      if (!server.listening) server.closeIdleConnections();
    });
  });
  return inFlight;
}
