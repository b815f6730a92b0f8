import { NO_SPAN, type Tracing } from '#shared/core/tracing.ts';
import type { TraceContext } from './trace-context.ts';

/**
 * Tracing while nobody collects spans: the trace that a request or message came with is put on log lines and on what
 * goes out, so that one search finds all that followed from it. Costs no package.
 */
export function createPassiveTracing(context: TraceContext): Tracing {
  return {
    current: () => context.current(),
    within: (trace, work) => (trace === undefined ? work() : context.run(trace, work)),
    span: (_name, _options, work) => work(NO_SPAN),
  };
}
