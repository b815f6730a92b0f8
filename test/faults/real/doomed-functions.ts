import { join } from 'node:path';
import { type RunningFunction, startFunction } from '#infra/local/local-world/functions.ts';
import type { LocalWorld } from '#infra/local/local-world/start-local-world.ts';

export const DOOMED = ['push', 'cluster', 'sweep', 'history'] as const;
export type Doomed = (typeof DOOMED)[number];

/** The functions of a world, killed at any moment and started again where they were. */
export interface DoomedFunctions {
  /** SIGKILL, and a new process on the same port. */
  kill(name: Doomed): Promise<void>;
  stop(): Promise<void>;
}

export function takeOver(
  world: LocalWorld,
  bundles: string,
  env: Readonly<Record<string, string>>,
): DoomedFunctions {
  const running = new Map<Doomed, RunningFunction>();
  for (const name of DOOMED) {
    const found = world.functions.get(name);
    if (found !== undefined) running.set(name, found);
  }
  const { files, pubsub } = world;
  let generation = 0;
  return {
    async kill(name) {
      const old = running.get(name);
      if (old === undefined) return;
      running.delete(name);
      old.kill();
      await old.died;
      generation += 1;
      const fresh = await startFunction({
        name,
        bundle: join(bundles, name, 'main.js'),
        port: Number(new URL(old.url).port),
        env: {
          COUNTERSIGN_CONFIG: files.config,
          PUBSUB_EMULATOR_HOST: pubsub.host,
          LOG_LEVEL: 'info',
          METADATA_SERVER_DETECTION: 'none',
          ...env,
        },
        logFile: join(files.logs, `${name}-${generation}.log`),
        onLine: () => undefined,
      });
      running.set(name, fresh);
    },
    async stop() {
      await Promise.all([...running.values()].map((process) => process.stop()));
    },
  };
}
