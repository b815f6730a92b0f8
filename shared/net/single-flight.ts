/** Runs work once for all who ask for `key` while it is under way. What it gives, or throws, is theirs alone. */
export type SingleFlight<T> = (key: string, work: () => Promise<T>) => Promise<T>;

/**
 * Shares what is under way, and remembers nothing: who asks after its end begins anew.
 *
 * @example
 * const join = createSingleFlight<Token>();
 * const token = await join(host, () => requestToken(host));
 */
export function createSingleFlight<T>(): SingleFlight<T> {
  const underWay = new Map<string, Promise<T>>();
  return (key, work) => {
    const running = underWay.get(key);
    if (running !== undefined) return running;
    // Begins once it is listed, so that its end always finds it there.
    const begun = Promise.resolve()
      .then(work)
      .finally(() => underWay.delete(key));
    underWay.set(key, begun);
    return begun;
  };
}

/**
 * `make`, run once for all callers, the first of whom begins it. A failure is thrown to all who wait for it, and then
 * forgotten: what was missing may appear.
 *
 * @example
 * const kubeconfig = once(() => readKubeconfig(path));
 * const { contexts } = await kubeconfig();
 */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    if (made !== undefined) return made;
    const making = make();
    made = making;
    making.catch(() => {
      if (made === making) made = undefined;
    });
    return making;
  };
}
