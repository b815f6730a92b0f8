import * as http from 'node:http';
import * as https from 'node:https';

export interface PushRequest {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

export interface PushClient {
  /** Posts and answers the status that decides, 102 included. Redirects are not followed. */
  send(request: PushRequest, signal: AbortSignal): Promise<number>;
  /** Closes the connections that are kept open. */
  close(): void;
}

/**
 * A POST over kept connections. `node:http`, because fetch hides 1xx answers and 102 is an
 * acknowledgement.
 */
export function createPushClient(): PushClient {
  const agents = {
    http: new http.Agent({ keepAlive: true }),
    https: new https.Agent({ keepAlive: true }),
  };

  function open(request: PushRequest, signal: AbortSignal): http.ClientRequest {
    const options = {
      method: 'POST',
      signal,
      headers: { ...request.headers, 'content-length': request.body.byteLength },
    };
    return request.url.startsWith('https:')
      ? https.request(request.url, { ...options, agent: agents.https })
      : http.request(request.url, { ...options, agent: agents.http });
  }

  return {
    send(request, signal) {
      return new Promise((resolve, reject) => {
        const outgoing = open(request, signal);
        outgoing.on('information', ({ statusCode }) => {
          if (statusCode === 102) resolve(statusCode);
        });
        outgoing.on('response', (response) => {
          resolve(response.statusCode ?? 0);
          // Whatever the endpoint says beyond its status is read and forgotten, to reuse the
          // connection; a break in it decides nothing any more.
          response.on('error', () => {}).resume();
        });
        outgoing.on('error', reject);
        outgoing.end(request.body);
      });
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
