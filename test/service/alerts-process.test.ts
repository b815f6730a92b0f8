import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from '#shared/http/serve.ts';
import { encodeEvent } from '#shared/status/encode.ts';
import { startProcess } from '#test/e2e/tools/process.ts';
import { clusterEvent } from '#test/fixtures/status-events.ts';

const ROOT = join(import.meta.dirname, '..', '..');

describe('the alerts example as a process', () => {
  it('keeps a failure back for others like it, and reports it before it ends', async () => {
    const received: string[] = [];
    const receiver = createServer((posted, response) => {
      void text(posted).then((body) => {
        received.push(body);
        return response.end('ok');
      });
    });
    onTestFinished(() => void receiver.close());
    const receiverPort = await listen(receiver, { port: 0, host: '127.0.0.1' });
    const alerts = await startProcess({
      command: process.execPath,
      args: ['infra/examples/alerts/main.ts'],
      cwd: ROOT,
      env: {
        PORT: '0',
        HOST: undefined,
        K_SERVICE: undefined,
        ALERTS_WEBHOOK: `http://127.0.0.1:${receiverPort}/`,
        ALERTS_GROUP_SECONDS: '120',
      },
      ready: (output) => output.includes('"Listening"'),
    });
    onTestFinished(() => alerts.stop());
    const port = /"port":(\d+)/.exec(alerts.output())?.[1] ?? '';
    const source = '//countersign.dev/kubeconfig';
    const event = encodeEvent(clusterEvent('cluster.unreachable'), { source, now: new Date() });
    const data = Buffer.from(event.data).toString('base64');
    const message = { messageId: '1', attributes: event.attributes, data };
    const held = request(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', expect: '100-continue' },
    });
    const answered = once(held, 'response');
    held.flushHeaders();
    // From here on the event is read, before any request that comes later.
    await once(held, 'continue');
    held.end(JSON.stringify({ message, subscription: 's' }));
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    await alerts.stop();
    expect(await answered).toMatchObject([{ statusCode: 200 }]);
    expect(received.map((body) => JSON.parse(body))).toMatchObject([
      { status: 'firing', count: 1 },
    ]);
  });
});
