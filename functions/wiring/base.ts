import type { Config } from '#shared/config/config.ts';
import { type AdmissionEnv, readAdmissionEnv } from '#shared/http/admission-env.ts';
import { type Env, readEnv } from '#shared/http/env.ts';
import { type Log, createLogger } from '#shared/http/log.ts';
import { openTelemetry } from '#shared/telemetry/open-telemetry.ts';
import { readTelemetryEnv } from '#shared/telemetry/read-env.ts';
import { noTelemetry, type Telemetry } from '#shared/telemetry/telemetry.ts';
import { createTraceContext } from '#shared/telemetry/trace-context.ts';
import { openGoogleToken } from './google-token.ts';

/** What every function starts from. This folder is the part of the mains that they share (docs/adr/0005). */
export interface Base {
  readonly env: Env;
  readonly config: Config;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

/** What is known before the config file has been read. */
export type Start = Omit<Base, 'config'>;

/** Reads the environment, and opens the log and what else tells of this process. Throws `bad-config`. */
export async function readStart(name: string): Promise<Start> {
  const env = readEnv(process.env);
  const settings = readTelemetryEnv(process.env);
  const context = createTraceContext();
  const shared = {
    service: env.service ?? name,
    ...(env.revision === undefined ? {} : { revision: env.revision }),
    ...(env.projectId === undefined ? {} : { projectId: env.projectId }),
  };
  const log = createLogger({ ...shared, level: env.logLevel, trace: () => context.current() });
  const telemetry = await openTelemetry(settings, {
    ...shared,
    service: env.service ?? `countersign-${name}`,
    context,
    log,
    now: () => performance.now(),
    googleToken: openGoogleToken(),
  });
  return { env, log, telemetry, now: () => new Date() };
}

/** Reads the config file that the environment names, once, for a function. Throws `bad-config`. */
export async function readBase(start: Start): Promise<Base> {
  return { ...start, config: await readConfig(start.env.configPath) };
}

/** The same for a command: its config file may be another, and its output is for people. Throws `bad-config`. */
export async function readCommandBase(name: string, configPath?: string): Promise<Base> {
  const env = readEnv(process.env);
  const log = createLogger({ service: name, level: env.logLevel });
  const config = await readConfig(configPath ?? env.configPath);
  return { env, log, config, telemetry: noTelemetry, now: () => new Date() };
}

/** Reads the config file; what that takes is loaded then. Throws `bad-config`. */
export async function readConfig(path: string): Promise<Config> {
  const { loadConfig } = await import('#shared/config/load-config.ts');
  return loadConfig(path);
}

/** The start of admission, which can do without a config file. Throws `bad-config`. */
export async function readAdmissionStart(): Promise<Start & { readonly admission: AdmissionEnv }> {
  return { ...(await readStart('admission')), admission: readAdmissionEnv(process.env) };
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
