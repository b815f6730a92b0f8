import { createServer } from 'node:http';
import { once } from 'node:events';
import { openFirestoreStore } from '#shared/store/firestore-store.ts';
import type { Store } from '#shared/store/store.ts';
import { createFakeFirestore } from '#test/fakes/firestore.ts';
import { hugeFleet } from '#test/fixtures/huge-fleet.ts';
import { type Asked, answerParent } from '../process/own-process.ts';
import { DATABASE, FLEET_NOW } from './shape.ts';

/** What the benchmark wants of its Firestore. */
export type FirestoreTask =
  | { readonly fill: number }
  /** So many clusters, from one on, were looked at. */
  | { readonly look: number; readonly from: number; readonly at: string }
  | 'billed';

export interface FirestoreAnswer {
  readonly port: number;
  readonly reads: number;
  readonly writes: number;
}

const firestore = createFakeFirestore();
const listening = listen();
let names: readonly string[] = [];

const store: Store = openFirestoreStore({
  ...DATABASE,
  fetch: firestore.fetch,
  googleToken: () => Promise.resolve(''),
  now: () => new Date(FLEET_NOW),
  onUnreadable: () => {},
});

async function listen(): Promise<number> {
  const server = createServer((request, response) => {
    void (async () => {
      const parts: Uint8Array[] = [];
      for await (const part of request) parts.push(part);
      const url = `http://127.0.0.1${request.url}`;
      const answer = await firestore.fetch(url, { method: 'POST', body: Buffer.concat(parts) });
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(await answer.text());
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function fill(clusters: number): Promise<void> {
  const found: string[] = [];
  for (const record of hugeFleet(clusters).records()) {
    const follows = record.syncs.flatMap(
      ({ image }) => image?.slice(0, image.lastIndexOf(':')) ?? [],
    );
    await store.writeCluster({ ...record, follows }, { over: undefined });
    found.push(record.cluster);
    firestore.pass(100);
  }
  names = found;
  firestore.pass(60_000);
}

async function look(count: number, from: number, at: string): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const over = await store.readCluster(names[(from + index) % names.length] ?? '');
    if (over === undefined) continue;
    await store.writeCluster({ ...over, lookedAt: at, reconciledAt: at }, { over });
    firestore.pass(100);
  }
}

async function run(task: FirestoreTask): Promise<FirestoreAnswer> {
  const port = await listening;
  if (task !== 'billed') {
    await ('fill' in task ? fill(task.fill) : look(task.look, task.from, task.at));
    Object.assign(firestore.billed, { reads: 0, writes: 0, deletes: 0 });
  }
  const { reads, writes } = firestore.billed;
  return { port, reads, writes };
}

process.on('message', (asked: Asked<FirestoreTask>) => {
  answerParent(asked, run(asked.task));
});
