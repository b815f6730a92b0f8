import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { untilWell } from '#infra/local/local-world/first-images.ts';

const WELL = { state: 'well', clusters: 1, headline: '2 RSyncs on 1 cluster: all is well' };

it('asks the API again where it cannot answer yet', async () => {
  let asked = 0;
  const server = createServer((req, res) => {
    asked += 1;
    // As it is where `local stop api` has stopped it.
    if (asked === 1) req.socket.destroy();
    else if (asked === 2) res.writeHead(503).end(JSON.stringify({ code: 'store-unavailable' }));
    else if (asked === 3) res.writeHead(502).end('no JSON');
    else res.end(JSON.stringify(WELL));
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
  expect({ asked, steps }).toEqual({ asked: 4, steps: [WELL.headline] });
});
