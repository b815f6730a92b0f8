import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { startPubsub } from '#infra/local/pubsub/start-pubsub.ts';
import { CLOSE_LIMIT_MS, DRAIN_LIMIT_MS, HAND_BACK_MS } from '#shared/http/limits.ts';
import { type Child, startChild } from '#test/fakes/child.ts';

const file = fileURLToPath(new URL('worker.ts', import.meta.url));

/** Cloud Run kills ten seconds after SIGTERM. */
const CLOUD_RUN_MS = 10_000;

async function startWorker(env: Readonly<Record<string, string>>): Promise<[Child, number]> {
  const worker = startChild(file, { PORT: '0', ...env });
  onTestFinished(async () => {
    worker.kill('SIGKILL');
    await worker.exited;
  });
  return [worker, Number((await worker.line('Listening'))['port'])];
}

it('all that is waited for after SIGTERM fits into the ten seconds of Cloud Run', () => {
  expect(DRAIN_LIMIT_MS + HAND_BACK_MS + CLOSE_LIMIT_MS).toBeLessThan(CLOUD_RUN_MS);
});

it('work in hand at SIGTERM is handed back, and done by the next process', async () => {
  const pubsub = await startPubsub({ port: 0 });
  onTestFinished(() => pubsub.close());
  async function rest(method: string, path: string, body: unknown): Promise<void> {
    const url = `http://${pubsub.host}/v1/projects/local/${path}`;
    expect((await fetch(url, { method, body: JSON.stringify(body) })).status).toBe(200);
  }
  const [first, port] = await startWorker({ HANG: 'yes', DRAIN_LIMIT_MS: '100' });
  await rest('PUT', 'topics/work', {});
  await rest('PUT', 'subscriptions/work-worker', {
    topic: 'projects/local/topics/work',
    pushConfig: { pushEndpoint: `http://127.0.0.1:${port}/` },
    // Longer than the test: only the answer can bring it back.
    ackDeadlineSeconds: 600,
    retryPolicy: { minimumBackoff: '0.1s', maximumBackoff: '1s' },
  });
  await rest('POST', 'topics/work:publish', {
    messages: [{ data: Buffer.from('precious').toString('base64') }],
  });
  const began = await first.line('Work began');
  first.kill('SIGTERM');
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(first.lines.map(({ message }) => message)).toContain('Requests were handed back');
  const [second] = await startWorker({ PORT: `${port}` });
  expect(await second.line('Work done')).toMatchObject({ id: began['id'], text: 'precious' });
});
