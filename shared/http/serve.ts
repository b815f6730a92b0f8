import type { RequestListener, Server } from 'node:http';
import { CountersignError } from '#shared/core/errors.ts';
import { defined } from '#shared/core/defined.ts';
import { type BodyLimits, capBody } from './cap-body.ts';
import { answerUnreadable } from './answer-unreadable.ts';
import { type DrainOptions, drainOnSignals, trackResponses } from './drain.ts';
import { BODY_DEADLINE_MS, KEEP_ALIVE_MS, MAX_HEADER_BYTES } from './limits.ts';

/** What is served, and where; the same for a function of the framework and for HTTPS. */
export interface ServeOptions extends DrainOptions, Pick<BodyLimits, 'maxBodyBytes' | 'refusal'> {
  readonly app: { fetch(request: Request, env?: unknown): Response | Promise<Response> };
  readonly port: number;
  readonly host: string;
  readonly bodyDeadlineMs?: number;
}

/** Of every server here. What names no host is refused by `capBody`, with a problem document. */
export const SERVER_OPTIONS = {
  keepAliveTimeout: KEEP_ALIVE_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
  requireHostHeader: false,
} as const;

/**
 * Has `listener` answer what comes to `server`, its bodies within limits; listens, and drains on signals. Resolves with
 * the port. Throws `bad-config` when the address cannot be had.
 */
export async function serve(
  server: Server,
  listener: RequestListener,
  options: ServeOptions,
  { maxTotalBytes, ...about }: { maxTotalBytes?: number; tls?: true } = {},
): Promise<number> {
  const { maxBodyBytes, refusal, bodyDeadlineMs: deadlineMs = BODY_DEADLINE_MS } = options;
  const limits = defined({ maxBodyBytes, maxTotalBytes, deadlineMs, refusal });
  server.on('request', capBody(listener, limits));
  const inFlight = trackResponses(server);
  answerUnreadable(server, inFlight);
  const port = await listen(server, options);
  drainOnSignals(server, inFlight, options);
  options.log.info({ port, host: options.host, ...about }, 'Listening');
  return port;
}

/** What to do about an address that cannot be had, by the system's code. */
const FIXES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is already in use: stop what listens there, or set PORT to another one',
  EACCES: 'may not be listened on: set PORT to 1024 or above',
  EADDRNOTAVAIL: 'is not an address of this machine: set HOST to one that is',
  ENOTFOUND: 'is not an address of this machine: set HOST to one that is',
};

/** Listens, and resolves with the port (of interest where 0 was asked for). Throws `bad-config` naming the fix. */
export function listen(server: Server, address: { port: number; host: string }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', (cause: NodeJS.ErrnoException) => {
    const fix = FIXES[cause.code ?? ''] ?? `cannot be listened on: ${cause.message}`;
    const message = `Port ${address.port} on ${address.host} ${fix}`;
    reject(new CountersignError('bad-config', message, { cause }));
  });
  server.listen(address.port, address.host, () => {
    const bound = server.address();
    resolve(typeof bound === 'object' && bound !== null ? bound.port : address.port);
  });
  return promise;
}
