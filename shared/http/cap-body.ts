import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Problem, problem } from './problem.ts';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  /** Milliseconds from the first byte of the request to the last of its body. */
  readonly deadlineMs: number;
  /** Of the bodies of all requests that are not answered yet; absent: as many as come. */
  readonly maxTotalBytes?: number;
  /** The answer to a body that is not read to its end, of which `head` is the beginning; absent: `problem` itself. */
  readonly refusal?: (problem: Problem, head: Uint8Array) => Refusal | undefined;
}

/** An answer in the caller's own form. */
export interface Refusal {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** How long the rest of a refused body is read and thrown away, so that the client gets to read the answer. */
const LINGER_MS = 1_000;

/** Of a refused body, what is kept for its answer. */
const HEAD_BYTES = 1_024;

const TOO_MANY = problem(
  429,
  'rate-limited',
  'Too many requests at once: wait as long as Retry-After says',
);

/**
 * A listener that reads the whole body, within `limits`, into `req.rawBody` before it calls `next`. The framework's own
 * parsers, which would take 1 GB and answer bad JSON with a stack trace, then find nothing left to read, and
 * @hono/node-server takes `rawBody` as it is (docs/facts/google-cloud.md#functions-framework). Larger: 413; slower:
 * 408; one too many: 429; what names no host, is no path, or cannot be decoded, which Express answers with a page of
 * its own: 400.
 */
export function capBody(next: RequestListener, limits: BodyLimits): RequestListener {
  const { maxBodyBytes, maxTotalBytes = Number.POSITIVE_INFINITY, refusal } = limits;
  let total = 0;
  return function readThenListen(req, res) {
    const target = originOf(req.url ?? '');
    if (target === undefined) {
      refuse(req, res, problem(400, 'bad-request', BAD_TARGET));
      return;
    }
    if (req.httpVersion === '1.1' && req.headers.host === undefined) {
      refuse(req, res, problem(400, 'bad-request', BAD_HOST));
      return;
    }
    req.url = target;
    const oversized = Number(req.headers['content-length'] ?? 0) > maxBodyBytes;
    if (oversized && refusal === undefined) {
      refuse(req, res, tooLarge(limits));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => {
      turnAway(problem(408, 'deadline-exceeded', 'The body of the request came too slowly'));
    }, limits.deadlineMs);
    function take(chunk: Buffer): void {
      size += chunk.length;
      total += chunk.length;
      chunks.push(chunk);
      // What is too large by its own word is read as far as its answer needs.
      if (size > maxBodyBytes || (oversized && size >= HEAD_BYTES)) turnAway(tooLarge(limits));
      else if (total > maxTotalBytes) turnAway(TOO_MANY);
    }
    function turnAway(why: Problem): void {
      stop();
      const head = Buffer.concat(chunks).subarray(0, HEAD_BYTES);
      refuse(req, res, why, refusal?.(why, head));
    }
    function finish(): void {
      stop();
      next(Object.assign(req, { rawBody: Buffer.concat(chunks, size) }), res);
    }
    function stop(): void {
      clearTimeout(timer);
      req.off('data', take).off('end', finish);
    }
    res.once('close', () => {
      total -= size;
    });
    // A client that hangs up in the middle gets no answer; without a listener its error would be thrown.
    req.on('data', take).on('end', finish).on('error', stop).on('close', stop);
  };
}

function tooLarge({ maxBodyBytes }: BodyLimits): Problem {
  return problem(413, 'too-large', `The body of the request is larger than ${maxBodyBytes} bytes`);
}

/** Sends the whole answer, but ends the connection only when the client has stopped sending, or after a moment. */
export function refuse(
  req: IncomingMessage,
  res: ServerResponse,
  why: Problem,
  refusal: Refusal = asDocument(why),
): void {
  const bytes = Buffer.from(refusal.body);
  res.writeHead(refusal.status, {
    'content-type': refusal.contentType,
    'content-length': bytes.length,
    ...(refusal.status === 429 ? { 'retry-after': '1' } : {}),
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

function asDocument(why: Problem): Refusal {
  const contentType = 'application/problem+json';
  return { status: why.status, contentType, body: JSON.stringify(why) };
}

const BAD_HOST = 'The request must name its host in a header, as HTTP/1.1 asks for';

const BAD_TARGET = 'The target of the request must be a path that can be decoded, or a whole URL';

/**
 * Path and query of a request target: of a whole URL, too, as a proxy is asked (RFC 9112, section 3.2). Undefined for
 * any other target, such as `*`, and for a path that cannot be decoded.
 */
function originOf(target: string): string | undefined {
  const url = /^https?:\/\//i.test(target) ? URL.parse(target) : undefined;
  const origin = url ? `${url.pathname}${url.search}` : target;
  if (!origin.startsWith('/')) return undefined;
  try {
    decodeURIComponent(origin.split('?', 1)[0] ?? '');
    return origin;
  } catch {
    return undefined;
  }
}
