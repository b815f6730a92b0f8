import type { Config } from '#shared/config/config.ts';
import { loadConfig } from '#shared/config/load-config.ts';
import { createTracks, type Tracks } from '#shared/config/tracks.ts';
import { readEnv } from '#shared/http/env.ts';
import { createLogger } from '#shared/http/log.ts';
import { noTelemetry } from '#shared/telemetry/telemetry.ts';
import type { Start } from './start.ts';
import { useProxy } from './use-proxy.ts';

/** What every function is built from. This folder is the part of the mains that they share (docs/adr/0005). */
export interface Base extends Start {
  readonly config: Config;
  /** The versions that entries of the config follow. */
  readonly tracks?: Tracks | undefined;
}

/** Reads the config file that the environment names, once, for a function. Throws `bad-config`. */
export async function readBase(start: Start): Promise<Base> {
  const config = await readConfig(start.env.configPath);
  return { ...start, config, tracks: await createTracks(config.images) };
}

/** The same for a command: its config file may be another, and its standard output is its result's. Throws `bad-config`. */
export async function readCommandBase(name: string, configPath?: string): Promise<Base> {
  const env = readEnv(process.env);
  const log = createLogger({ service: name, level: env.logLevel, stream: process.stderr });
  const config = await readConfig(configPath ?? env.configPath);
  const tracks = await createTracks(config.images);
  return { env, log, config, tracks, telemetry: noTelemetry, now: () => new Date() };
}

/** Reads the config file. Its proxy, or else the environment's, is that of all that follows. Throws `bad-config`. */
export async function readConfig(path: string): Promise<Config> {
  const config = await loadConfig(path);
  useProxy(process.env, config.proxy);
  return config;
}
