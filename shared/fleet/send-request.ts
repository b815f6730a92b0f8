import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { CountersignError } from '#shared/core/errors.ts';
import { secretsIn, withoutSecrets } from '#shared/core/sent-secrets.ts';
import type { Agents, Authorization } from './connection.ts';

export interface OutgoingCall {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly authorization: Authorization;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

/** What one exchange may cost. */
export interface Bounds {
  readonly deadlineMs: number;
  readonly maxBytes: number;
}

/**
 * Sends one request and reads the whole answer, whatever its status. Redirects are answers like any other: followed,
 * they would let a member cluster send us, behind the gateway, wherever it likes. Credentials that the answer repeats
 * are taken out of it, so that none of its texts can show them. Throws `too-large`, a `TimeoutError`
 * after the deadline, and what Node throws for a broken connection.
 */
export function sendRequest(
  { url, method, body, authorization, ...call }: OutgoingCall,
  agents: Agents,
  { deadlineMs, maxBytes }: Bounds,
): Promise<Answer> {
  const secure = url.protocol === 'https:';
  const agent = authorization.proxy ?? (secure ? agents.https : agents.http);
  const headers = { ...call.headers, ...authorization.headers };
  const options = { ...authorization.tls, method, headers, agent };
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = secure ? requestHttps(url, options) : requestHttp(url, options);

  function giveUp(error: Error): void {
    reject(error);
    outgoing.destroy();
  }

  // By a timer: an AbortSignal costs several listeners a request, and half a task's calls are that.
  const timer = setTimeout(() => {
    giveUp(new DOMException(`No answer within ${deadlineMs} ms`, 'TimeoutError'));
  }, deadlineMs);
  // Stays in place: a connection may break after the response has begun, too.
  outgoing.on('error', reject);
  outgoing.once('close', () => clearTimeout(timer));
  outgoing.once('response', (response) => {
    readText(response, { url, maxBytes, giveUp }, (text) => {
      const secrets = secretsIn(headers);
      resolve({
        status: response.statusCode ?? 0,
        headers: flatten(response.headers, secrets),
        text: withoutSecrets(text, secrets),
      });
    });
  });
  outgoing.end(body);
  return promise;
}

interface Reading {
  readonly url: URL;
  readonly maxBytes: number;
  readonly giveUp: (error: Error) => void;
}

/** Counts what arrives, whatever Content-Length says. */
function readText(
  response: IncomingMessage,
  { url, maxBytes, giveUp }: Reading,
  use: (text: string) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.byteLength;
    chunks.push(chunk);
    if (size <= maxBytes) return;
    const message = `Answer of ${url.host} is larger than ${maxBytes} bytes`;
    giveUp(new CountersignError('too-large', message));
  });
  response.once('end', () => use(Buffer.concat(chunks).toString('utf8')));
  response.once('error', giveUp);
}

function flatten(
  headers: IncomingMessage['headers'],
  secrets: readonly string[],
): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    flat[name] = withoutSecrets(Array.isArray(value) ? value.join(', ') : value, secrets);
  }
  return flat;
}
