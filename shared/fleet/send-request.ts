import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { CountersignError } from '#shared/core/errors.ts';
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

/**
 * Sends one request and reads the whole answer, whatever its status. Redirects are answers like any other: followed,
 * they would let a member cluster send us, behind the gateway, wherever it likes. Throws `too-large`, and what Node
 * throws for a broken or aborted connection.
 */
export async function sendRequest(
  call: OutgoingCall,
  agents: Agents,
  signal: AbortSignal,
  maxBytes: number,
): Promise<Answer> {
  const { url, method, body, authorization } = call;
  const secure = url.protocol === 'https:';
  const agent = authorization.proxy ?? (secure ? agents.https : agents.http);
  const headers = { ...call.headers, ...authorization.headers };
  const options = { ...authorization.tls, method, headers, agent, signal };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = secure ? requestHttps(url, options) : requestHttp(url, options);
    // Stays in place: a connection may break after the response has begun, too.
    outgoing.on('error', reject);
    outgoing.once('response', resolve);
    outgoing.end(body);
  });
  return {
    status: response.statusCode ?? 0,
    headers: flatten(response.headers),
    text: await readText(response, url, maxBytes),
  };
}

/** Counts what arrives, whatever Content-Length says; leaving the loop early closes the connection. */
async function readText(response: IncomingMessage, url: URL, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new CountersignError(
        'too-large',
        `Answer of ${url.host} is larger than ${maxBytes} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function flatten(headers: IncomingMessage['headers']): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
