import { MAX_MESSAGE_BODY_BYTES } from '#shared/http/limits.ts';
import { serveFunction } from '#shared/http/serve-function.ts';
import { type Main, readStart, runMain, type Start } from './base.ts';

export interface FunctionOptions extends Pick<Main<Start>, 'open'> {
  readonly name: string;
  readonly maxBodyBytes?: number;
}

/** Serves a function under functions-framework until a signal ends it. */
export async function startFunction(options: FunctionOptions): Promise<void> {
  const { name, open, maxBodyBytes = MAX_MESSAGE_BODY_BYTES } = options;
  await runMain(name, {
    start: () => readStart(name),
    open,
    serve: (served, { env: { port, host } }) =>
      serveFunction(name, { ...served, port, host, maxBodyBytes }),
  });
}
