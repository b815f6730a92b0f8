import { MAX_MESSAGE_BODY_BYTES } from '#shared/http/limits.ts';
import type { OpenedFunction } from '#shared/http/open-later.ts';
import { serveFunction } from '#shared/http/serve-function.ts';
import { readStart, runMain, type Start } from './start.ts';

/** Serves a function under functions-framework until a signal ends it. */
export async function startFunction(
  name: string,
  open: (start: Start) => Promise<OpenedFunction>,
  maxBodyBytes = MAX_MESSAGE_BODY_BYTES,
): Promise<void> {
  await runMain(name, {
    start: () => readStart(name),
    open,
    serve: (served, { env: { port, host } }) =>
      serveFunction(name, { ...served, port, host, maxBodyBytes }),
  });
}
