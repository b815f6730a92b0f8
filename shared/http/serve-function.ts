import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { type BodyLimits, capBody } from './cap-body.ts';
import { drainOnSignals } from './drain.ts';
import type { Stoppable } from './drain.ts';
import { BODY_DEADLINE_MS, KEEP_ALIVE_MS } from './limits.ts';
import { listen } from './listen.ts';
import type { Log } from './log.ts';

/** The framework's two calls that we need; `functionsFramework` has them. */
export interface Framework {
  http(name: string, handler: (req: IncomingMessage, res: ServerResponse) => void): void;
  getTestServer(name: string): Server;
}

export interface ServeOptions {
  readonly name: string;
  readonly app: { fetch(request: Request, env?: unknown): Response | Promise<Response> };
  readonly port: number;
  readonly host: string;
  readonly maxBodyBytes: number;
  readonly log: Log;
  readonly framework: Framework;
  /** Closes clients and the store after the last answer. */
  readonly close?: () => Promise<void>;
  readonly refusal?: BodyLimits['refusal'];
  readonly bodyDeadlineMs?: number;
  readonly drainLimitMs?: number;
  readonly process: Stoppable;
}

/**
 * Serves a Hono app as a function of the framework, behind a body limit and with draining. Resolves with the port
 * once it listens. Throws `bad-config` when the address cannot be had.
 */
export async function serveFunction(options: ServeOptions): Promise<number> {
  const { name, app, framework, log, maxBodyBytes } = options;
  framework.http(name, leaveDomain(getRequestListener((request, env) => app.fetch(request, env))));
  // The framework's server never listens: ours hands it requests whose body has been read.
  const inner = framework.getTestServer(name);
  const limits = {
    maxBodyBytes,
    deadlineMs: options.bodyDeadlineMs ?? BODY_DEADLINE_MS,
    ...(options.refusal === undefined ? {} : { refusal: options.refusal }),
  };
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    capBody((req, res) => inner.emit('request', req, res), limits),
  );
  const port = await listen(server, options);
  drainOnSignals(server, options);
  log.info({ port, host: options.host }, 'Listening');
  return port;
}

/**
 * The framework runs each request in a `node:domain`, which would catch a rejection nobody handles before the process
 * sees it, print it as plain text and send its message to the caller. Outside the domain it is logged as ours are.
 */
function leaveDomain(
  listener: (req: IncomingMessage, res: ServerResponse) => Promise<void>,
): (req: IncomingMessage, res: ServerResponse) => void {
  return function listenOutsideDomain(req, res) {
    const domain: unknown = Reflect.get(process, 'domain');
    if (isDomain(domain)) domain.exit();
    void listener(req, res);
  };
}

function isDomain(value: unknown): value is { exit(): void } {
  return typeof value === 'object' && value !== null && 'exit' in value;
}
