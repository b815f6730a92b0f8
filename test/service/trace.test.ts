import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { drawTrace, type CollectedSpan } from '#infra/local/traces/start-collector.ts';
import { startTestWorld, type TestWorld } from '#test/fixtures/local-world.ts';
import { eventOf, publishSigned, withoutEvents } from '#test/fixtures/world-story.ts';
import { PATIENCE } from '#test/patience.ts';

const PAGE = new URL('../../docs/observability.md', import.meta.url);
/** The picture on the page, in its fences. */
const PICTURE = /(?<=```text trace\n)[^`]*(?=```)/;

/** Config Sync pulls when it begins and when an approval pins it: a status that it writes meanwhile would be a conflict. */
const LATER_MS = 3_600_000;
const PACE = { pollMs: LATER_MS, attemptMs: LATER_MS, rolloutMs: 100 };

let world: TestWorld;
let digest: string;
let trace: readonly CollectedSpan[];
/** Lines of the functions' logs that say a task is done. */
const done: unknown[] = [];

beforeAll(async () => {
  world = await startTestWorld({
    traces: true,
    pace: PACE,
    onLine: (_, line) => {
      if (line.includes('"message":"Task done"')) done.push(JSON.parse(line));
    },
  });
  // One event alone: those of the signature may be faster than the tag's, and approve in a trace of their own.
  digest = await withoutEvents(world, () => publishSigned(world, 'a: 1\n'));
  await world.pubsub.publish('gcr', eventOf(world, digest));
  await vi.waitUntil(() => {
    trace = traceOf(digest);
    const received = named(trace, 'receive message').length;
    // Each is sent before its answer, as the last of its function's.
    return received === 1 + world.clusters.length && named(trace, 'patch').length === received - 1;
  }, PATIENCE);
});
afterAll(() => world?.stop());

/** The trace that led to the approval of a digest. What the history writes of it follows at its own time. */
function traceOf(pushed: string): readonly CollectedSpan[] {
  const all = world.traces?.spans() ?? [];
  const spans = all.filter(({ service }) => service !== 'countersign-history');
  const patch = spans.find(
    ({ name, attributes }) => name === 'decide' && attributes['countersign.approved'] === pushed,
  );
  return spans.filter(({ traceId }) => traceId === patch?.traceId);
}

function named(spans: readonly CollectedSpan[], name: string): readonly CollectedSpan[] {
  return spans.filter((span) => span.name === name);
}

/** Names of a step and of all that led to it, the first of them first. */
function pathOf(span: CollectedSpan): readonly string[] {
  const parent = trace.find(({ spanId }) => spanId === span.parent);
  return [...(parent === undefined ? [] : pathOf(parent)), span.name];
}

/** A picture with one of its clusters: the others look the same. */
function withOneCluster(picture: string): string {
  const [push = '', ...clusters] = picture.split(/^(?=.*cluster: receive message)/m);
  return `${push}${clusters.find((cluster) => cluster.includes('cluster-1')) ?? ''}`;
}

describe('a push, traced', () => {
  it('is one trace, of steps that hang together', () => {
    const ids = new Set(trace.map(({ spanId }) => spanId));
    const roots = trace.filter(({ parent }) => parent === undefined || !ids.has(parent));
    expect(roots.map(({ name, service }) => [service, name])).toEqual([
      ['countersign-push', 'receive message'],
    ]);
    expect(roots[0]?.parent).toBeUndefined();
    expect(trace.filter(({ failed }) => failed)).toEqual([]);
  });

  it('goes from the notification to the patch of every cluster', () => {
    const patches = named(trace, 'patch');
    const clusters = patches.map(({ attributes }) => attributes['countersign.cluster']);
    expect(new Set(clusters)).toEqual(new Set(world.clusters.map(({ name }) => name)));
    expect(patches).toHaveLength(world.clusters.length);
    for (const patch of patches) {
      expect(patch.service).toBe('countersign-cluster');
      expect(pathOf(patch)).toEqual([
        'receive message',
        'fan out',
        'receive message',
        'cluster task',
        'decide',
        'patch',
      ]);
      expect(patch.attributes['countersign.sync']).toBe('RootSync/root-sync');
    }
  });

  it('says what was verified, and by whom', () => {
    const verified = named(trace, 'verify').filter(
      ({ attributes }) => attributes['countersign.digest'] === digest,
    );
    expect(verified.length).toBeGreaterThan(world.clusters.length);
    for (const { attributes } of verified) {
      expect(attributes).toMatchObject({
        'countersign.verdict': 'verified',
        'countersign.authorities': 'release-key',
      });
    }
  });

  it('has every step of the way', () => {
    const inTasks = ['list', 'resolve', 'verify', 'decide', 'patch', 'publish status'];
    const names = new Set(trace.map(({ name }) => name));
    expect([...names].toSorted()).toEqual(
      [...inTasks, 'cluster task', 'fan out', 'receive message'].toSorted(),
    );
  });

  it('goes on in the status events', async () => {
    const traceId = trace[0]?.traceId ?? '';
    await vi.waitFor(async () => {
      const told = (await world.events()).filter(
        ({ attributes }) => attributes['type'] === 'sync.approved',
      );
      const approved = told.filter(({ data }) => JSON.stringify(data).includes(digest));
      expect(approved).toHaveLength(world.clusters.length);
      for (const { attributes } of approved) {
        expect(attributes['googclient_traceparent']?.split('-')[1]).toBe(traceId);
      }
    }, PATIENCE);
  });

  it('is on the log lines of every function that had a part in it', () => {
    const traceId = trace[0]?.traceId ?? '';
    const lines = done.filter((line) => JSON.stringify(line).includes(`"${traceId}"`));
    expect(lines).toHaveLength(world.clusters.length);
    const spans = new Set(named(trace, 'cluster task').map(({ spanId }) => spanId));
    for (const line of lines) {
      expect(line).toMatchObject({
        reason: 'push',
        'logging.googleapis.com/trace': traceId,
        'logging.googleapis.com/spanId': expect.toSatisfy((id: string) => spans.has(id)),
        'logging.googleapis.com/trace_sampled': true,
      });
    }
  });

  it('is drawn by the collector', async () => {
    const traceId = trace[0]?.traceId ?? '';
    // What the history writes of it comes at its own time.
    await vi.waitFor(async () => {
      const answer = await fetch(`${world.traces?.url}/traces/${traceId}`);
      expect(answer.status).toBe(200);
      const text = await answer.text();
      expect(text).toBe(
        drawTrace(world.traces?.spans().filter((span) => span.traceId === traceId) ?? []),
      );
    }, PATIENCE);
  });

  // `WRITE_DOCS=1 npx vitest run test/service/trace.test.ts` puts today's picture on the page.
  it('is what the page shows, times and digests aside', async () => {
    const picture = withOneCluster(drawTrace(trace).replaceAll(world.registry, '127.0.0.1:5000'));
    const page = await readFile(PAGE, 'utf8');
    if (process.env['WRITE_DOCS'] === '1') await writeFile(PAGE, page.replace(PICTURE, picture));
    expect(linesOf(PICTURE.exec(await readFile(PAGE, 'utf8'))?.[0] ?? '')).toEqual(
      linesOf(picture),
    );
  });
});

describe('a resync, traced', () => {
  it('goes on with the trace of who asked, to every cluster', async () => {
    const traceId = 'e'.repeat(32);
    const answer = await fetch(`${world.functions.get('api')?.url}/v1/resync`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        traceparent: `00-${traceId}-${'f'.repeat(16)}-01`,
      },
      body: '{}',
    });
    expect(answer.status).toBe(202);
    const tasks = await vi.waitUntil(() => {
      const spans = world.traces?.spans().filter((span) => span.traceId === traceId) ?? [];
      const found = named(spans, 'cluster task');
      return found.length === world.clusters.length ? found : undefined;
    }, PATIENCE);
    expect(new Set(tasks.map(({ attributes }) => attributes['countersign.reason']))).toEqual(
      new Set(['resync']),
    );
  });
});

/** What a picture says in any order: clusters are tasked at once, and so are the two resolutions of each. */
function linesOf(picture: string): readonly string[] {
  const [title = '', ...lines] = picture.trimEnd().split('\n');
  const plain = lines.map((line) =>
    line.replace(/^ *[\d.]+ +[\d.]+ +[│├└─ ]*/, '').replaceAll(/sha256:\w+/g, 'sha256'),
  );
  return [title.replace(/^trace \w+/, ''), ...plain].toSorted((a, b) => a.localeCompare(b));
}
