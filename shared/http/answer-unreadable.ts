import type { Server, ServerResponse } from 'node:http';
import { refuse } from './cap-body.ts';
import { MAX_HEADER_BYTES } from './limits.ts';
import { type Problem, problem } from './problem.ts';

/** What each failure of Node's parser says to the caller; none of it repeats what was sent. */
const PROBLEMS: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: problem(
    431,
    'too-large',
    `The header of the request is larger than ${MAX_HEADER_BYTES} bytes`,
  ),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: problem(
    413,
    'too-large',
    'The request has too much beside the chunks of its body',
  ),
  ERR_HTTP_REQUEST_TIMEOUT: problem(408, 'deadline-exceeded', 'The request came too slowly'),
};

const UNREADABLE = problem(400, 'bad-request', 'The request cannot be read as HTTP/1.1');
const UNEXPECTED = problem(417, 'bad-request', 'The request may expect 100-continue, and no more');

/**
 * Has `server` answer what Node would refuse with an empty body: what is no request, and what expects more than Node
 * knows. `inFlight`: what is not answered to its end yet.
 */
export function answerUnreadable(server: Server, inFlight: readonly ServerResponse[]): void {
  server.on('checkExpectation', (req, res) => refuse(req, res, UNEXPECTED));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const why = whyOf(error.code ?? '');
    // The connection itself has failed, or was never safe.
    if (why === undefined || !socket.writable) {
      socket.destroy();
      return;
    }
    // Nothing may be written into an answer that has begun.
    const hasBegun = inFlight.some((res) => res.req.socket === socket && res.headersSent);
    socket.end(hasBegun ? '' : asMessage(why), () => socket.destroy());
  });
}

function whyOf(code: string): Problem | undefined {
  return PROBLEMS[code] ?? (code.startsWith('HPE_') ? UNREADABLE : undefined);
}

function asMessage(why: Problem): string {
  const body = JSON.stringify(why);
  const head = [
    `HTTP/1.1 ${why.status} ${why.title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
