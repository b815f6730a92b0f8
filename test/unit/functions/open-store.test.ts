import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '#functions/wiring/store.ts';
import { loadConfig } from '#shared/config/load-config.ts';
import { readEnv } from '#shared/http/env.ts';
import { listen } from '#shared/http/serve.ts';
import { noTelemetry } from '#shared/telemetry/telemetry.ts';
import { recordLog } from '#test/fakes/log.ts';

const CONFIG = join(import.meta.dirname, '../../fixtures/config/full.yaml');

describe('a config with store.firestore', () => {
  it('is a store in that database, at the emulator where there is one', async () => {
    const asked: (string | undefined)[] = [];
    const firestore = createServer((request, response) => {
      asked.push(request.url, request.headers.authorization);
      response.end(JSON.stringify([{ missing: 'x' }]));
    });
    const port = await listen(firestore, { port: 0, host: '127.0.0.1' });
    onTestFinished(() => firestore.closeAllConnections());
    onTestFinished(() => void firestore.close());
    const store = openStore({
      env: readEnv({ FIRESTORE_EMULATOR_HOST: `127.0.0.1:${port}` }),
      config: await loadConfig(CONFIG),
      log: recordLog().log,
      telemetry: noTelemetry,
      now: () => new Date(),
    });
    expect(await store.readCluster('c1')).toBeUndefined();
    const path = '/v1/projects/p/databases/countersign/documents:batchGet';
    expect(asked).toEqual([path, undefined]);
    await store.close();
  });
});
