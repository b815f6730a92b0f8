import { type KeyObject, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { openRepository, pushImage, signBundle } from '#infra/local/images/push-image.ts';
import { createRegistryApp } from '#infra/local/registry/start-registry.ts';

/** A registry on this machine that counts who asks it. */
export interface CountedRegistry {
  readonly host: string;
  readonly publicKey: string;
  /** Requests since the last `reset`. */
  calls(): number;
  reset(): void;
  /** From now on it begins with each request so many milliseconds late: a registry that is as far away. */
  keepAway(milliseconds: number): void;
  /** Pushes a new image, signs it, and moves tag v1 to it. Returns the notification that Artifact Registry would send. */
  push(
    path: string,
  ): Promise<{ readonly action: 'INSERT'; readonly digest: string; readonly tag: string }>;
  close(): Promise<void>;
}

export async function startCountedRegistry(): Promise<CountedRegistry> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const app = createRegistryApp({ host, notify: async () => undefined, onError: () => undefined });
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  let calls = 0;
  let serial = 0;
  let away = 0;
  server.on('request', (req, res) => {
    calls += 1;
    if (away === 0) void answer(req, res);
    else setTimeout(() => void answer(req, res), away);
  });
  return {
    host,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    calls: () => calls,
    reset: () => {
      calls = 0;
    },
    keepAway(milliseconds) {
      away = milliseconds;
    },
    async push(path) {
      serial += 1;
      const digest = await pushSigned(host, path, `${serial} ${Date.now()}`, privateKey);
      return { action: 'INSERT', digest: `${host}/${path}@${digest}`, tag: `${host}/${path}:v1` };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Signed first, then tagged: as the documentation recommends. */
async function pushSigned(
  host: string,
  path: string,
  content: string,
  key: KeyObject,
): Promise<string> {
  const repository = openRepository(host, path);
  const file = { file: 'config.yaml', content: `serial: ${content}\n` };
  const image = await pushImage(repository, file);
  await signBundle({ repository, image, key });
  const { digest } = await pushImage(repository, { ...file, tag: 'v1' });
  return digest;
}
