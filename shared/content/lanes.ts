/** Runs work for a host, few at a time. */
type Lanes = <T>(host: string, work: () => Promise<T>) => Promise<T>;

/**
 * Makes lanes, `perHost` of them at most for one host; who waits is served in turn, past those whose host has none free.
 *
 * @example
 * const layer = await createLanes({ total: 4, perHost: 2 })('registry.example', () => fetchLayer(digest));
 */
export function createLanes(limits: { readonly total: number; readonly perHost: number }): Lanes {
  const { total, perHost } = limits;
  /** The host of each work that runs. */
  const running: string[] = [];
  const waiting: { readonly host: string; readonly start: () => void }[] = [];

  function isFree(host: string): boolean {
    return running.length < total && running.filter((one) => one === host).length < perHost;
  }

  function leave(host: string): void {
    running.splice(running.indexOf(host), 1);
    const next = waiting.findIndex((entry) => isFree(entry.host));
    const [entry] = next < 0 ? [] : waiting.splice(next, 1);
    if (entry === undefined) return;
    running.push(entry.host);
    entry.start();
  }

  return async (host, work) => {
    if (isFree(host)) running.push(host);
    else await new Promise<void>((start) => waiting.push({ host, start }));
    try {
      return await work();
    } finally {
      leave(host);
    }
  };
}
