import { type LineMeter, noMeter } from './metrics.ts';
import { NO_SPAN, noTracing, type Trace, type Tracing } from '#shared/core/tracing.ts';
import type { AsyncLocalStorage } from 'node:async_hooks';

/** What a function reports of itself beside its log. None of it can fail a request, or delay it for long. */
export interface Telemetry {
  readonly tracing: Tracing;
  readonly meter: LineMeter;
  /**
   * Sends what is there; resolves soon whatever becomes of it. `isIdle`: no other request is under way, on whose lines
   * metrics could ride; true without it.
   */
  flush(isIdle?: boolean): Promise<void>;
  /** Sends what is left, and stops. */
  close(): Promise<void>;
}

/** For commands, whose output is for people. */
export const noTelemetry: Telemetry = {
  tracing: noTracing,
  meter: noMeter,
  flush: async () => undefined,
  close: async () => undefined,
};

/** What telemetry needs of a log; static messages, what varies goes into `fields`. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What belongs to this point of the program, through every `await`. One per process, made by its main. */
export type TraceContext = AsyncLocalStorage<Trace>;

/**
 * Tracing while no spans are collected: the trace that a request or message came with is put on log lines and on what
 * goes out, so that one search finds all that followed from it. Costs no package.
 *
 * @example
 * const tracing = createPassiveTracing(new AsyncLocalStorage());
 */
export function createPassiveTracing(context: TraceContext): Tracing {
  return {
    current: () => context.getStore(),
    within: (trace, work) => (trace === undefined ? work() : context.run(trace, work)),
    span: (_name, _options, work) => work(NO_SPAN),
  };
}
