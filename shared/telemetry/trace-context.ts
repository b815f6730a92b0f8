import type { AsyncLocalStorage } from 'node:async_hooks';
import { NO_SPAN, type Trace, type Tracing } from '#shared/core/tracing.ts';

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
