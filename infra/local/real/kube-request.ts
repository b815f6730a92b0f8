import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { defined } from '#shared/core/defined.ts';

export interface KubeCall {
  readonly method: string;
  readonly path: string;
  /** Text and bytes go as they are, all else as JSON. */
  readonly body?: unknown;
  /** Of the body; JSON where it is absent. */
  readonly type?: string;
  readonly accept?: string;
  /** Whom the administrator acts as; absent: himself. */
  readonly user?: string;
}

export interface KubeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Parsed where it is JSON, else text. */
  readonly body: unknown;
}

export type SendKube = (call: KubeCall) => Promise<KubeAnswer>;

/** Bare requests to an API server, for what a client library would tidy up on the way; the embedded one has no TLS. */
export function createSendKube(server: { url: string; ca?: string; token?: string }): SendKube {
  const { request, Agent } = server.url.startsWith('https:') ? https : http;
  const agent = new Agent({ keepAlive: true, ...defined({ ca: server.ca }) });
  return async ({ method, path, body, type = 'application/json', accept, user }) => {
    const headers = {
      'content-type': type,
      ...defined({
        accept,
        authorization: server.token && `Bearer ${server.token}`,
        'impersonate-user': user,
      }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<KubeAnswer>();
    const sent = request(`${server.url}${path}`, { agent, method, headers }, (response) => {
      text(response).then(
        (answer) =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: parse(answer),
          }),
        reject,
      );
    });
    sent.on('error', reject);
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    sent.end(raw ? body : JSON.stringify(body));
    return promise;
  };
}

/** A body as it is read: parsed where it is JSON. */
export function parse(answer: string): unknown {
  try {
    const value: unknown = JSON.parse(answer);
    return value;
  } catch {
    return answer;
  }
}
