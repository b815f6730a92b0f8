// The part of the world that is in the namespace: `inside.ts SETTINGS`, in JSON. Lines of standard input are
// notifications of the registry; lines of standard output are what it has to say. It ends with its standard input.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';
import { filesIn } from '#infra/local/local-world/files.ts';
import { startFunctions } from '#infra/local/local-world/function-set.ts';
import { choosePorts } from '#infra/local/local-world/ports.ts';
import {
  createTopics,
  openPubsub,
  STATUS_SUBSCRIPTION,
  subscribeFunctions,
  TOPICS,
} from '#infra/local/local-world/pubsub.ts';
import { tickSweep } from '#infra/local/local-world/tick-sweep.ts';
import { startPubsub } from '#infra/local/pubsub/start-pubsub.ts';
import { insideSettings, type Said } from './inside-lines.ts';
import { PATIENCE } from '#test/patience.ts';

function say(said: Said): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

function report(error: unknown): void {
  say({ log: error instanceof Error ? error.message : String(error) });
}

const settings = insideSettings.parse(JSON.parse(process.argv[2] ?? ''));
const { folder, bundles, cable, proxyPort, sweepMs } = settings;
await using parts = new AsyncDisposableStack();
const stopping = new AbortController();

// The one way out: a socket of the file system, at whose other end the proxy is.
const near = createServer((socket) => {
  const far = connect(cable);
  socket.pipe(far).pipe(socket);
  socket.on('error', () => far.destroy());
  far.on('error', () => socket.destroy());
});
near.listen(proxyPort, '127.0.0.1');
await once(near, 'listening');
parts.defer(() => void near.close());

const server = await startPubsub({ port: 0 });
parts.defer(() => server.close());
const pubsub = openPubsub(server.host, 'local');
await createTopics(pubsub);
const { running: functions } = await startFunctions(
  {
    bundles,
    built: ['push', 'cluster', 'sweep'],
    ports: choosePorts('free'),
    files: filesIn(folder),
    pubsubHost: server.host,
    onLine: (name, line) => say({ log: `${name} ${line}` }),
    onChange: () => undefined,
  },
  parts,
);
await subscribeFunctions(pubsub, functions);
const sweep = functions.get('sweep')?.url ?? '';
parts.adopt(tickSweep({ url: sweep, everyMs: sweepMs, onError: report }), (tick) => tick.stop());

async function follow(): Promise<void> {
  while (!stopping.signal.aborted) {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(PATIENCE.timeout)]);
    const pulled = await pubsub.pull(STATUS_SUBSCRIPTION, signal);
    for (const { attributes, data } of pulled) {
      say({ event: { type: attributes['type'] ?? '', data: JSON.parse(data.toString()) } });
    }
    const ackIds = pulled.map(({ ackId }) => ackId);
    if (ackIds.length > 0) await pubsub.acknowledge(STATUS_SUBSCRIPTION, ackIds);
  }
}

const following = follow().catch((error: unknown) => {
  if (!stopping.signal.aborted) report(error);
});
parts.defer(async () => {
  stopping.abort();
  await following;
});

const [, ...routes] = readFileSync('/proc/net/route', 'utf8').trim().split('\n');
say({ ready: { interfaces: Object.keys(networkInterfaces()), routes } });
for await (const line of createInterface(process.stdin)) {
  await pubsub.publish(TOPICS.registry, JSON.parse(line));
}
