import type { Config } from '#shared/config/config.ts';
import { loadConfig } from '#shared/config/load-config.ts';
import { type Env, readEnv } from '#shared/edge/env.ts';
import { type Log, createLogger } from '#shared/edge/log.ts';

/** What every function starts from. This folder is the part of the mains that they share (docs/adr/0005). */
export interface Base {
  readonly env: Env;
  readonly config: Config;
  readonly log: Log;
  readonly now: () => Date;
}

/** Reads the environment and the config file, here or where the environment says, once. Throws `bad-config`. */
export async function readBase(name: string, configPath?: string): Promise<Base> {
  const env = readEnv(process.env);
  const log = createLogger({
    level: env.logLevel,
    service: env.service ?? name,
    ...(env.revision === undefined ? {} : { revision: env.revision }),
  });
  return {
    env,
    log,
    config: await loadConfig(configPath ?? env.configPath),
    now: () => new Date(),
  };
}

/** Runs a main; a function that cannot start says why in one line, and exits with 1. */
export async function run(name: string, main: () => Promise<unknown>): Promise<void> {
  try {
    await main();
  } catch (error) {
    createLogger({ level: 'info', service: name }).error({ error }, 'Function cannot start');
    process.exit(1);
  }
}
