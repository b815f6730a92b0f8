import { AsyncLocalStorage } from 'node:async_hooks';
import type { Trace } from '#shared/core/tracing.ts';

/** What belongs to this point of the program, through every `await`. One per process, made by its main. */
export interface TraceContext {
  current(): Trace | undefined;
  run<Result>(trace: Trace, work: () => Promise<Result>): Promise<Result>;
}

export function createTraceContext(): TraceContext {
  const here = new AsyncLocalStorage<Trace>();
  return {
    current: () => here.getStore(),
    run: (trace, work) => here.run(trace, work),
  };
}
