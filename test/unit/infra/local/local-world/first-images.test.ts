import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { untilWell } from '#infra/local/local-world/first-images.ts';

const WELL = { state: 'well', clusters: 1, headline: '2 RSyncs on 1 cluster: all is well' };

it('asks the API again where it cannot answer yet', async () => {
  const answers = [
    [503, { code: 'store-unavailable' }],
    [200, WELL],
  ] as const;
  let asked = 0;
  const server = createServer((_, res) => {
    const [status, body] = answers[Math.min(asked, 1)] ?? [500, {}];
    asked += 1;
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const steps: string[] = [];
  await untilWell({
    api: `http://127.0.0.1:${port}`,
    clusters: 1,
    sweepSoon: () => undefined,
    onStep: (step) => steps.push(step),
    signal: new AbortController().signal,
  });
  expect({ asked, steps }).toEqual({ asked: 2, steps: [WELL.headline] });
});
