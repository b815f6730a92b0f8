import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener, RequestError } from '@hono/node-server';
import { answerProblem, problem } from './problem.ts';
import type { ServeOptions } from './serve.ts';

/** Of a request that names no host, as HTTP/1.0 may: nothing here depends on it. */
const NO_HOST = 'localhost';

const BAD_REQUEST = 'The request must name one host in its header, and a path without a backslash';

/** What hands an app its requests; one that is no URL in all is answered with 400, and a problem document. */
export function listenerOf(
  app: ServeOptions['app'],
): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  return getRequestListener((request, env) => app.fetch(request, env), {
    hostname: NO_HOST,
    errorHandler: (error) =>
      answerProblem(
        error instanceof RequestError
          ? problem(400, 'bad-request', BAD_REQUEST)
          : problem(500, 'internal', 'See the log of this function'),
      ),
  });
}
