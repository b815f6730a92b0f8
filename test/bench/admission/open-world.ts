import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSelfSigned } from '#test/fixtures/self-signed.ts';
import { freePort } from '#test/e2e/tools/free-port.ts';
import type { BenchContext } from '../frame/bench.ts';
import { benchConfig } from '../fan-out/bench-config.ts';
import { startCountedRegistry } from '../fan-out/counted-registry.ts';
import type { App } from '../process/build-app.ts';
import { readImageEnv, readImageFlags } from '../process/image-env.ts';
import { startOwnProcess } from '../process/own-process.ts';
import { type Server, spawnServer } from '../process/spawn-server.ts';
import type { LoadResult, LoadTask } from './load-process.ts';

/** The server of admission in its in-cluster form, a bare one beside it, and who asks both. */
export interface AdmissionWorld {
  readonly admission: Server;
  readonly bare: Server;
  /** A bare one that makes the requests of a look first. */
  readonly looking: Server;
  /** `spec.oci.image`, and digests of signed images of its repository, each announced as Config Sync does. */
  readonly image: string;
  readonly announced: readonly string[];
  load(task: Omit<LoadTask, 'ca'>): Promise<LoadResult>;
  /** From now on the registry is so many milliseconds away. */
  keepAway(milliseconds: number): void;
  /** From now on nothing can be looked at. */
  closeRegistry(): Promise<void>;
  close(): Promise<void>;
}

const IMAGES = 1_500;
const QUICK_IMAGES = 60;
const PATH = 'configs/platform';

export async function openAdmissionWorld(
  app: App,
  { say, quick }: BenchContext,
): Promise<AdmissionWorld> {
  await using parts = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const registry = await startCountedRegistry();
  let closed = false;
  const closeRegistry = async (): Promise<void> => {
    if (!closed) await registry.close();
    closed = true;
  };
  parts.defer(closeRegistry);
  const announced: string[] = [];
  const wanted = quick ? QUICK_IMAGES : IMAGES;
  while (announced.length < wanted) {
    say(`signing image ${announced.length + 1} of ${wanted}`);
    const { digest, tag } = await registry.push(PATH);
    announced.push(`${tag}@${digest.split('@')[1] ?? ''}`);
  }
  const { cert, key } = createSelfSigned();
  const files = { cert: join(dir, 'tls.crt'), key: join(dir, 'tls.key') };
  await Promise.all([writeFile(files.cert, cert), writeFile(files.key, key)]);
  const config = join(dir, 'countersign.yaml');
  const { host, publicKey } = registry;
  await writeFile(config, benchConfig({ registry: host, publicKey, store: join(dir, 'store') }));
  const [image, flags] = [await readImageEnv(), await readImageFlags()];
  const start = async (args: readonly string[], env: Record<string, string>): Promise<Server> => {
    const port = await freePort();
    const log = join(dir, 'server.log');
    const server = await spawnServer({
      args: [...flags, ...args],
      env: { ...image, ...env },
      port,
      log,
      ca: cert,
    });
    parts.defer(() => server.stop());
    return server;
  };
  const admission = await start([join(app.dir, 'start.js'), 'admission'], {
    ...app.cached,
    COUNTERSIGN_CONFIG: config,
    COUNTERSIGN_TLS: 'on',
    COUNTERSIGN_TLS_CERT: files.cert,
    COUNTERSIGN_TLS_KEY: files.key,
  });
  const bareModule = fileURLToPath(new URL('bare-https-process.ts', import.meta.url));
  const bare = await start([bareModule], { CERT: files.cert, KEY: files.key });
  const looking = await start([bareModule], { CERT: files.cert, KEY: files.key, LOOKS: 'on' });
  const module = new URL('load-process.ts', import.meta.url);
  const loader = startOwnProcess<LoadTask, LoadResult>(module);
  parts.defer(() => loader.stop());
  const owned = parts.move();
  return {
    admission,
    bare,
    looking,
    image: `${host}/${PATH}:v1`,
    announced,
    load: (task) => loader.ask({ ...task, ca: cert }),
    keepAway: (milliseconds) => registry.keepAway(milliseconds),
    closeRegistry,
    close: () => owned.disposeAsync(),
  };
}
