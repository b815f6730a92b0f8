import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { listJson, repoSyncJson } from './repo-sync-json.ts';

/** What one RepoSync of a crowd is, and how its API server treats it. */
export interface CrowdMember {
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  /** `conflict`: each write meets another; `slow`: each write takes long and ends in 504. */
  readonly hostile?: 'conflict' | 'slow';
}

/** API servers on one port, each behind its name: RepoSyncs in memory, listed in pages. */
export interface CrowdDouble {
  readonly url: string;
  set(cluster: string, members: readonly CrowdMember[]): void;
  /** Resolves when so many RepoSyncs of the cluster were patched since `set`: the time of the last. */
  patched(cluster: string, count: number): Promise<number>;
  close(): Promise<void>;
}

/** Longer than any good write, and shorter than our own deadline. */
const SLOW_MS = 10_000;
const DELAY_MS = 5;

const Patch = z.object({
  metadata: z.object({
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()),
  }),
});

interface State extends CrowdMember {
  version: number;
  annotations: Readonly<Record<string, string>>;
}

interface Crowd {
  readonly states: ReadonlyMap<string, State>;
  count: number;
  lastAt: number;
}

export async function startCrowdDouble(): Promise<CrowdDouble> {
  const crowds = new Map<string, Crowd>();
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, cluster = '', , , , ...rest] = url.pathname.split('/');
    const crowd = crowds.get(cluster);
    await sleep(DELAY_MS);
    if (crowd === undefined) return send(response, 404, status(404, 'NotFound'));
    if (request.method === 'PATCH') {
      const state = crowd.states.get(`${rest[1]}/${rest[3]}`);
      return patch(crowd, state, await read(request), response);
    }
    if (rest[0] === 'namespaces') {
      const state = crowd.states.get(`${rest[1]}/${rest[3]}`);
      return state === undefined
        ? send(response, 404, status(404, 'NotFound'))
        : send(response, 200, repoSyncJson(state));
    }
    if (rest[0] === 'rootsyncs') return send(response, 200, listJson('RootSync', []));
    const from = Number(url.searchParams.get('continue') ?? 0);
    const to = from + Number(url.searchParams.get('limit') ?? 500);
    const page = [...crowd.states.values()].slice(from, to).map(repoSyncJson);
    const next = to < crowd.states.size ? `${to}` : '';
    return send(response, 200, listJson('RepoSync', page, next));
  }

  async function patch(
    crowd: Crowd,
    state: State | undefined,
    body: string,
    response: ServerResponse,
  ): Promise<void> {
    if (state?.hostile === 'slow') {
      await sleep(SLOW_MS);
      return send(response, 504, status(504, 'Timeout'));
    }
    const { data } = Patch.safeParse(JSON.parse(body));
    if (state === undefined || data === undefined)
      return send(response, 404, status(404, 'NotFound'));
    const stale = data.metadata.resourceVersion !== `${state.version}`;
    if (stale || state.hostile === 'conflict') return send(response, 409, status(409, 'Conflict'));
    state.version += 1;
    state.annotations = { ...state.annotations, ...data.metadata.annotations };
    send(response, 200, repoSyncJson(state));
    crowd.count += 1;
    crowd.lastAt = performance.now();
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    set(cluster, members) {
      const states = members.map(
        (member, at) =>
          [
            `${member.namespace}/${member.name}`,
            { ...member, version: at + 1, annotations: {} },
          ] as const,
      );
      crowds.set(cluster, { states: new Map(states), count: 0, lastAt: 0 });
    },
    async patched(cluster, count) {
      for (;;) {
        const crowd = crowds.get(cluster);
        if (crowd !== undefined && crowd.count >= count) return crowd.lastAt;
        await sleep(1);
      }
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

function status(code: number, reason: string): string {
  return JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message: reason,
  });
}

function send(response: ServerResponse, code: number, body: string): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(body);
}
