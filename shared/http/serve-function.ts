import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { listenerOf } from './listener-of.ts';
import { SERVER_OPTIONS, type ServeOptions, serve } from './serve.ts';

/**
 * Serves a Hono app as the function `name` of Google's functions-framework, behind a body limit and with draining. The
 * framework's own command line is not used, for that exits on SIGTERM in the middle of a request
 * (docs/facts/google-cloud.md#functions-framework). Resolves with the port once it listens. Throws `bad-config` when
 * the address cannot be had.
 */
export async function serveFunction(name: string, options: ServeOptions): Promise<number> {
  const { app } = options;
  http(name, leaveDomain(listenerOf(app)));
  // The framework's server never listens: ours hands it requests whose body has been read.
  const inner = getTestServer(name);
  const server = createServer(SERVER_OPTIONS);
  return serve(server, (req, res) => inner.emit('request', req, res), options);
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
