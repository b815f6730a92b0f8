import { createServer } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningFunction, startFunction } from '#infra/local/local-world/functions.ts';
import { compileCache } from '#test/compile-cache.ts';
import { BUNDLES } from '#test/fixtures/local-world.ts';
import type { Front } from './front.ts';

/** The built functions, each as the account that the module gives it, with the config that the module mounts. */
export interface Functions {
  /** Starts one, as a member `serviceAccount:E-MAIL`. */
  start(name: string, member: string): Promise<RunningFunction>;
  /** Lines of all their logs. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

/** Opens a folder for them; whatever they ask of Google comes to the front. */
export async function openFunctions(front: Front, config: string): Promise<Functions> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-functions-'));
  const lines: string[] = [];
  const stops: (() => Promise<unknown>)[] = [];
  const authority = join(folder, 'authority.pem');
  const file = join(folder, 'countersign.yaml');
  await Promise.all([writeFile(authority, front.authority), writeFile(file, config)]);

  /** What Cloud Run's metadata server answers a container: a token of its account, for the scopes it asks for. */
  async function startMetadata(member: string): Promise<string> {
    const server = createServer((request, response) => {
      response.setHeader('Metadata-Flavor', 'Google');
      response.setHeader('Content-Type', 'application/json');
      const token = { access_token: `member:${member}`, expires_in: 3600, token_type: 'Bearer' };
      response.end(request.url?.includes('/token') === true ? JSON.stringify(token) : '{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('No port');
    return `127.0.0.1:${address.port}`;
  }

  return {
    lines,
    async start(name, member) {
      const running = await startFunction({
        name,
        bundle: join(BUNDLES, name, 'main.js'),
        port: 0,
        env: {
          ...compileCache(),
          PATH: process.env['PATH'] ?? '',
          HOME: folder,
          COUNTERSIGN_CONFIG: file,
          GOOGLE_CLOUD_PROJECT: 'acme-prod',
          LOG_LEVEL: 'info',
          GCE_METADATA_HOST: await startMetadata(member),
          METADATA_SERVER_DETECTION: 'assume-present',
          NODE_OPTIONS: `--import=${join(import.meta.dirname, 'preload.mjs')}`,
          NODE_EXTRA_CA_CERTS: authority,
          EMULATED_GOOGLE_PORT: String(front.port),
          // gRPC looks names up by itself, unless a proxy does.
          grpc_proxy: front.proxy,
          GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: authority,
        },
        logFile: join(folder, `${name}.log`),
        onLine: (line) => lines.push(`${name} ${line}`),
      });
      stops.push(running.stop);
      return running;
    },
    async close() {
      await Promise.all(stops.map((stop) => stop()));
      await rm(folder, { recursive: true });
    },
  };
}
