import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { problem } from './problem.ts';
import type { Problem } from './problem.ts';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  /** Milliseconds from the first byte of the request to the last of its body. */
  readonly deadlineMs: number;
}

/** How long the rest of a refused body is read and thrown away, so that the client gets to read the answer. */
const LINGER_MS = 1_000;

/**
 * A listener that reads the whole body, within `limits`, into `req.rawBody` before it calls `next`. The framework's
 * own parsers, which would take 1 GB and answer bad JSON with a stack trace, then find nothing left to read, and
 * @hono/node-server takes `rawBody` as it is (facts/toolchain.md). Larger: 413; slower: 408; an undecodable path,
 * which Express answers with a stack trace: 400.
 */
export function capBody(next: RequestListener, limits: BodyLimits): RequestListener {
  return function readThenListen(req, res) {
    if (!isDecodable(req.url ?? '')) {
      refuse(req, res, problem(400, 'bad-request', 'The path of the request cannot be decoded'));
      return;
    }
    if (Number(req.headers['content-length'] ?? 0) > limits.maxBodyBytes) {
      refuse(req, res, tooLarge(limits));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => {
      stop();
      refuse(
        req,
        res,
        problem(408, 'deadline-exceeded', 'The body of the request came too slowly'),
      );
    }, limits.deadlineMs);
    function take(chunk: Buffer): void {
      size += chunk.length;
      if (size <= limits.maxBodyBytes) {
        chunks.push(chunk);
        return;
      }
      stop();
      refuse(req, res, tooLarge(limits));
    }
    function finish(): void {
      stop();
      next(Object.assign(req, { rawBody: Buffer.concat(chunks, size) }), res);
    }
    function stop(): void {
      clearTimeout(timer);
      req.off('data', take).off('end', finish);
    }
    // A client that hangs up in the middle has nobody to be answered; without a listener its error would be thrown.
    req.on('data', take).on('end', finish).on('error', stop).on('close', stop);
  };
}

function tooLarge({ maxBodyBytes }: BodyLimits): Problem {
  return problem(413, 'too-large', `The body of the request is larger than ${maxBodyBytes} bytes`);
}

/** Sends the whole answer, but ends the connection only when the client has stopped sending, or after a moment. */
function refuse(req: IncomingMessage, res: ServerResponse, body: Problem): void {
  const bytes = Buffer.from(JSON.stringify(body));
  res.writeHead(body.status, {
    'content-type': 'application/problem+json',
    'content-length': bytes.length,
    connection: 'close',
  });
  res.write(bytes);
  const end = (): void => {
    clearTimeout(timer);
    res.end();
    if (!req.complete) req.destroy();
  };
  const timer = setTimeout(end, LINGER_MS);
  req.on('error', end).on('end', end).on('close', end).resume();
}

function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url.split('?', 1)[0] ?? '');
    return true;
  } catch {
    return false;
  }
}
