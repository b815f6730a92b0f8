const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm passes the terminal's Ctrl-C on to a process that had it already: two this close are one. */
const SAME_SIGNAL_MS = 500;

/** Resolves with the first signal that asks to stop. A later one calls `force`: the person at the terminal does not want to wait. */
export function awaitStop(
  process: { on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown },
  { force, now }: { readonly force: () => void; readonly now: () => number },
): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let first: number | undefined;
  for (const name of SIGNALS) {
    process.on(name, (signal) => {
      if (first !== undefined && now() - first > SAME_SIGNAL_MS) force();
      first ??= now();
      resolve(signal);
    });
  }
  return promise;
}
