import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '#test/fakes/broker.ts';
import { type Child, startChild } from '#test/fakes/child.ts';
import { BUNDLES } from '#test/fixtures/local-world.ts';

const topic = (name: string): string => `projects/local/topics/countersign-${name}`;
/** A fleet of one cluster, which a sweep tasks and does not call. */
const CONFIG = {
  apiVersion: 'countersign.dev/v1',
  fleet: { kubeconfig: { path: './kubeconfig' } },
  images: [{ match: '127.0.0.1:5000/configs/**', trust: 'open' }],
  registries: [{ host: '127.0.0.1:5000', plainHttp: true, auth: 'none' }],
  trust: { open: { allowUnsigned: true } },
  topics: {
    tasks: topic('tasks'),
    sweepTasks: topic('sweep-tasks'),
    resyncTasks: topic('resync-tasks'),
    status: topic('status'),
    deadLetters: topic('dead-letters'),
  },
  store: { sqlite: { path: './store.sqlite' } },
  access: { sweep: { mode: 'none' } },
};
const NO_SERVER = 'http://127.0.0.1:1';

let dir: string;
let broker: Broker;
let sweep: Child;
let url: string;
let metrics: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-telemetry-'));
  broker = await startBroker();
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c1', cluster: { server: NO_SERVER } }],
    users: [{ name: 'u', user: { token: 'x' } }],
    contexts: [{ name: 'c1', context: { cluster: 'c1', user: 'u' } }],
  };
  await writeFile(join(dir, 'kubeconfig'), JSON.stringify(kubeconfig));
  await writeFile(join(dir, 'countersign.yaml'), JSON.stringify(CONFIG));
  sweep = startChild(join(BUNDLES, 'sweep', 'main.js'), {
    PORT: '0',
    COUNTERSIGN_CONFIG: join(dir, 'countersign.yaml'),
    PUBSUB_EMULATOR_HOST: broker.host,
    METADATA_SERVER_DETECTION: 'none',
    OTEL_EXPORTER_OTLP_ENDPOINT: NO_SERVER,
    OTEL_METRICS_EXPORTER: 'console,prometheus',
    OTEL_EXPORTER_PROMETHEUS_PORT: '0',
  });
  const served = await sweep.line('Metrics are served');
  metrics = `http://127.0.0.1:${String(served['port'])}/metrics`;
  url = `http://127.0.0.1:${String((await sweep.line('Listening'))['port'])}`;
});
afterAll(async () => {
  sweep?.kill('SIGKILL');
  await sweep?.exited;
  broker?.close();
  await rm(dir, { recursive: true });
});

describe('a built function, with all of its telemetry on and no collector', () => {
  it('does its work', async () => {
    const answer = await fetch(url, { method: 'POST' });
    expect(answer.status).toBe(200);
    const messages = broker.requests.flatMap((request) => request.messages);
    expect(messages.map(({ attributes }) => attributes['type'] ?? attributes['reason'])).toEqual([
      'sweep',
      'sweep.completed',
    ]);
  });

  it('says that spans cannot be sent, and goes on saying the rest', async () => {
    expect(await sweep.line('Spans cannot be sent')).toMatchObject({ severity: 'WARNING' });
    expect(await sweep.line('Event published')).toMatchObject({
      severity: 'INFO',
      event: 'sweep.completed',
      breakGlass: 0,
      text: 'Tasked 1 of 1 clusters',
    });
    const told = sweep.lines.flatMap(({ metrics: ridden }) => Object.keys(ridden ?? {}));
    expect(told).toEqual(
      expect.arrayContaining(['sweep_duration', 'sweep_lag', 'sweep_stretch', 'fleet_rsyncs']),
    );
  });

  it('answers Prometheus, and no other caller, at its own port', async () => {
    const text = await (await fetch(metrics)).text();
    expect(text).toContain('countersign_sweep_duration_seconds_count 1');
    expect(text).toContain('countersign_fleet_clusters{state="all"} 1');
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
  });

  it('drains', async () => {
    sweep.kill('SIGTERM');
    expect(await sweep.exited).toEqual({ code: 0, signal: null });
    expect(sweep.noise).toEqual([]);
  });
});

const Metafile = z.object({
  outputs: z.record(
    z.string(),
    z.object({
      imports: z.array(z.object({ path: z.string(), kind: z.string() })),
      inputs: z.record(z.string(), z.unknown()),
    }),
  ),
});

/** The sources that a start of this function parses. */
async function sourcesOf(name: string): Promise<readonly string[]> {
  const text = await readFile(join(BUNDLES, 'meta.json'), 'utf8');
  const { outputs } = Metafile.parse(JSON.parse(text));
  const files = new Set([`dist/${name}/main.js`]);
  // A set that grows while it is iterated visits what was added.
  for (const file of files) {
    for (const { path, kind } of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement') files.add(path);
    }
  }
  return [...files].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
}

describe('a start without telemetry', () => {
  it.each(['push', 'cluster', 'sweep', 'history', 'api', 'admission'])(
    'of %s loads nothing of OpenTelemetry',
    async (name) => {
      const sources = await sourcesOf(name);
      expect(sources.filter((path) => path.includes('@opentelemetry'))).toEqual([]);
      expect(sources).toContain('shared/telemetry/open-telemetry.ts');
    },
  );
});
