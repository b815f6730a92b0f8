import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { KEEP_ALIVE_MS } from './limits.ts';
import { type ServeOptions, serve, withBodyLimits } from './serve.ts';

/** The framework's two calls that we need; `functionsFramework` has them. */
export interface Framework {
  http(name: string, handler: (req: IncomingMessage, res: ServerResponse) => void): void;
  getTestServer(name: string): Server;
}

export interface FunctionOptions extends ServeOptions {
  readonly name: string;
  readonly framework: Framework;
}

/**
 * Serves a Hono app as a function of the framework, behind a body limit and with draining. Resolves with the port
 * once it listens. Throws `bad-config` when the address cannot be had.
 */
export async function serveFunction(options: FunctionOptions): Promise<number> {
  const { name, app, framework } = options;
  framework.http(name, leaveDomain(getRequestListener((request, env) => app.fetch(request, env))));
  // The framework's server never listens: ours hands it requests whose body has been read.
  const inner = framework.getTestServer(name);
  const listener = withBodyLimits((req, res) => inner.emit('request', req, res), options);
  return serve(createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, listener), options);
}

/**
 * The framework runs each request in a `node:domain`, which would catch an unhandled rejection before the process
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
