import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { openRepository, pushImage, signBundle } from '#infra/local/images/push-image.ts';
import { readPrivateKey } from '#infra/local/keys/key-pair.ts';
import type { RunningPrometheus } from '#test/contract/evidence/suite.ts';
import { ROOT_SYNC, type TestWorld, startTestWorld } from '#test/fixtures/local-world.ts';
import { listen } from '#shared/http/serve.ts';
import { startPrometheus } from './tools/prometheus.ts';
import { SELDOM } from '#test/patience.ts';

/** What the smoke test answers, and for which digests it was asked. */
let status = 503;
const asked = new Set<string>();
const server = createServer((request, response) => {
  asked.add(decodeURIComponent(request.url ?? ''));
  response.writeHead(status).end('ok');
});

let prometheus: RunningPrometheus;
let world: TestWorld;

beforeAll(async () => {
  prometheus = await startPrometheus();
  const port = await listen(server, { port: 0, host: '127.0.0.1' });
  const errors = `{ name: errors, prometheus: { url: "${prometheus.url}", query: "vector(0)" }, below: 1, for: 1s }`;
  const smoke = `{ name: smoke, http: { url: "http://127.0.0.1:${port}/\${digest}" }, for: 2s, failAfter: 3s }`;
  const checks = `[${errors}, ${smoke}]`;
  world = await startTestWorld({ sweepMs: 1_000, soakSeconds: 1, checks });
});
afterAll(async () => {
  await world?.stop();
  await prometheus?.stop();
  server.closeAllConnections();
  server.close();
});

const Rollout = z.looseObject({
  id: z.string(),
  status: z.string(),
  cause: z.string().optional(),
  stage: z.string(),
  digest: z.string(),
  message: z.string(),
});
const Shown = Rollout.extend({
  checks: z.array(z.looseObject({ name: z.string(), outcome: z.string().optional() })).optional(),
});

async function ask(path: string): Promise<unknown> {
  const url = world.functions.get('api')?.url ?? '';
  return (await fetch(`${url}${path}`)).json();
}

async function rollout(): Promise<z.infer<typeof Shown> | undefined> {
  const { rollouts } = z
    .looseObject({ rollouts: z.array(Rollout) })
    .parse(await ask('/v1/rollouts'));
  const [found] = rollouts;
  return found && Shown.parse(await ask(`/v1/rollouts/${found.id}`));
}

async function push(content: string): Promise<string> {
  const repository = openRepository(world.registry, 'configs/platform');
  const image = await pushImage(repository, { file: 'a.yaml', content, tag: 'v1' });
  await signBundle({ repository, image, key: await readPrivateKey(world.files.privateKey) });
  return image.digest;
}

async function approved(cluster: string): Promise<string | undefined> {
  const { metadata } = await world.get(cluster, ROOT_SYNC);
  return metadata.annotations['countersign.dev/approved'];
}

async function published(type: string): Promise<readonly unknown[]> {
  const events = await world.events();
  return events
    .filter(({ attributes }) => attributes['ce-type']?.includes(type))
    .map(({ data }) => data);
}

describe('a stage with checks, in the local world and over the real Prometheus', () => {
  let first = '';

  it('waits while a check has no answer, and says so', async () => {
    first = await push('a: 1\n');
    await vi.waitFor(async () => {
      const found = await rollout();
      expect(found).toMatchObject({ stage: 'canary', status: 'soaking', cause: 'evidence' });
      expect(found?.checks).toMatchObject([
        { name: 'errors', outcome: 'met', value: '0', wants: 'below 1' },
        { name: 'smoke', outcome: 'unknown', problem: 'It answered 503', wants: 'status 200' },
      ]);
    }, SELDOM);
    expect(await approved('cluster-1')).toContain(first);
    expect(await approved('cluster-2')).toBeUndefined();
    expect(await published('rollout.waiting')).toMatchObject([
      { cause: 'evidence', stage: 'canary' },
    ]);
    expect([...asked]).toEqual([`/${first}`]);
    const { steps } = z
      .looseObject({ steps: z.array(z.looseObject({ step: z.string() })) })
      .parse(await ask('/v1/explain?cluster=cluster-2&sync=RootSync/root-sync'));
    expect(steps.find(({ step }) => step === 'evidence')).toMatchObject({ outcome: 'unknown' });
  });

  it('is passed once all are met', async () => {
    status = 200;
    await vi.waitFor(async () => {
      expect(await rollout()).toMatchObject({ status: 'completed', digest: first });
    }, SELDOM);
    expect(await approved('cluster-2')).toContain(first);
    expect(await published('rollout.stage.passed')).not.toEqual([]);
  });

  it('halts where an answer stays bad, and lets no other cluster in', async () => {
    status = 404;
    const second = await push('a: 2\n');
    await vi.waitFor(async () => {
      const found = await rollout();
      expect(found).toMatchObject({ status: 'halted', cause: 'evidence', digest: second });
      expect(found?.message).toContain('smoke');
    }, SELDOM);
    expect(await published('rollout.halted')).toMatchObject([
      { cause: 'evidence', checks: ['smoke'] },
    ]);
    expect(await approved('cluster-1')).toContain(second);
    expect(await approved('cluster-2')).not.toContain(second);
  });
});
