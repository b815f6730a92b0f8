import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

export interface Push {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A push envelope, as far as the cases look into it. */
export interface Envelope {
  message: Record<string, unknown> & { attributes?: Record<string, string>; messageId: string };
  subscription: string;
  deliveryAttempt?: number;
}

/** An HTTP server that keeps what is pushed to it and answers as the test asks. */
export interface Endpoint {
  /** A fresh URL whose requests get the statuses in turn, the last one from then on. */
  url(...statuses: number[]): string;
  pushes(url: string): Push[];
  /** The data of each push so far, decoded. */
  data(url: string): string[];
  /** Waits until `enough` holds for the pushes to a URL. */
  until(url: string, enough: (pushes: Push[]) => boolean): Promise<Push[]>;
  close(): Promise<void>;
}

/** Reads a wrapped push. */
export function envelopeOf(push: Push | undefined): Envelope {
  return JSON.parse(push?.body ?? '{}');
}

/** Starts an endpoint on a free port. */
export async function startEndpoint(): Promise<Endpoint> {
  const plans = new Map<string, number[]>();
  const received: Push[] = [];
  const watchers = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      received.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString() });
      const plan = plans.get(path) ?? [404];
      const status = (plan.length > 1 ? plan.shift() : plan[0]) ?? 404;
      response.writeHead(status).end();
      for (const check of watchers) check();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;

  function pushes(url: string): Push[] {
    const { pathname } = new URL(url);
    return received.filter(({ path }) => path === pathname);
  }

  return {
    url(...statuses) {
      const path = `/${plans.size + 1}`;
      plans.set(path, statuses);
      return `http://127.0.0.1:${port}${path}`;
    },
    pushes,
    data: (url) =>
      pushes(url).map((push) =>
        Buffer.from(String(envelopeOf(push).message['data']), 'base64').toString(),
      ),
    until: (url, enough) =>
      new Promise((resolve) => {
        function check(): void {
          const found = pushes(url);
          if (!enough(found)) return;
          watchers.delete(check);
          resolve(found);
        }
        watchers.add(check);
        check();
      }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
