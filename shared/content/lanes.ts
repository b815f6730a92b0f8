/** Runs work for a host, few at a time. */
export type Lanes = <T>(host: string, work: () => Promise<T>) => Promise<T>;

export interface LaneLimits {
  readonly total: number;
  /** A host that answers slowly takes no more than these. */
  readonly perHost: number;
}

/**
 * Makes lanes; who waits is served in turn, past those whose host has none free.
 *
 * @example
 * const lanes = createLanes({ total: 4, perHost: 2 });
 * const layer = await lanes('registry.example', () => fetchLayer(digest));
 */
export function createLanes({ total, perHost }: LaneLimits): Lanes {
  const busy = new Map<string, number>();
  const waiting: { readonly host: string; readonly start: () => void }[] = [];
  let running = 0;

  const isFree = (host: string): boolean => running < total && (busy.get(host) ?? 0) < perHost;

  function enter(host: string): void {
    running += 1;
    busy.set(host, (busy.get(host) ?? 0) + 1);
  }

  function leave(host: string): void {
    running -= 1;
    const left = (busy.get(host) ?? 0) - 1;
    if (left === 0) busy.delete(host);
    else busy.set(host, left);
    const next = waiting.findIndex((entry) => isFree(entry.host));
    if (next < 0) return;
    const [entry] = waiting.splice(next, 1);
    if (entry === undefined) return;
    enter(entry.host);
    entry.start();
  }

  return async (host, work) => {
    if (isFree(host)) enter(host);
    else await new Promise<void>((start) => waiting.push({ host, start }));
    try {
      return await work();
    } finally {
      leave(host);
    }
  };
}
