import { AsyncLocalStorage } from 'node:async_hooks';
import { defined } from '#shared/core/defined.ts';
import type { Trace } from '#shared/core/tracing.ts';
import { type Env, readEnv } from '#shared/http/env.ts';
import { type Log, createLogger } from '#shared/http/log.ts';
import { type OpenedFunction, openLater } from '#shared/http/open-later.ts';
import type { ServeOptions } from '#shared/http/serve.ts';
import type { Variables } from '#shared/net/environment.ts';
import { openTelemetry } from '#shared/telemetry/open-telemetry.ts';
import { readTelemetryEnv } from '#shared/telemetry/read-env.ts';
import type { Telemetry } from '#shared/telemetry/telemetry.ts';
import { openGoogleToken } from './google-token.ts';
import { useProxy } from './use-proxy.ts';

/** What is known before the config file has been read. */
export interface Start {
  readonly env: Env;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

/** Reads the environment, and opens log and telemetry. Throws `bad-config`. */
export async function readStart(name: string): Promise<Start> {
  const env = readEnv(process.env);
  const settings = readTelemetryEnv(process.env);
  const context = new AsyncLocalStorage<Trace>();
  const { service = name, revision, projectId } = env;
  const shared = { service, ...defined({ revision, projectId }) };
  const log = createLogger({ ...shared, level: env.logLevel, trace: () => context.getStore() });
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

/** The variables of this process, for what programs and connections take from there. */
export function processVariables(): Variables {
  return process.env;
}

/** The proxy of all that follows, where there is no config file. Throws `bad-config`. */
export function useEnvironmentProxy(): void {
  useProxy(process.env, undefined);
}

type Served = Pick<ServeOptions, 'app' | 'log' | 'process' | 'close' | 'endAnswers'>;

/**
 * Runs a main: it listens first, then opens, which reads the config and makes the clients, and closes after the last
 * answer. A function that cannot start logs why in one line, and exits with 1.
 */
export async function runMain<S extends Start>(
  name: string,
  main: {
    readonly start: () => Promise<S>;
    readonly open: (start: S) => Promise<OpenedFunction>;
    readonly serve: (options: Served, start: S) => Promise<unknown>;
  },
): Promise<void> {
  try {
    const start = await main.start();
    const { log, telemetry } = start;
    const late = openLater({ open: () => main.open(start), log, process });
    async function close(): Promise<void> {
      await late.close();
      await telemetry.close();
    }
    const endAnswers = (): void => late.endAnswers?.();
    await main.serve({ app: late.app, log, process, close, endAnswers }, start);
    late.openSoon();
  } catch (error) {
    createLogger({ level: 'info', service: name }).error({ error }, 'Function cannot start');
    process.exit(1);
  }
}
