import { CountersignError } from '#shared/core/errors.ts';

/** What of a registry could not be read, in one verification. */
export interface Gaps {
  readonly failures: readonly CountersignError[];
  /** What `fetch` gives; undefined where it fails for good, which is then noted. Throws what a retry may mend. */
  pass<T>(fetch: () => Promise<T>): Promise<T | undefined>;
}

/** Starts with none. */
export function createGaps(): Gaps {
  const failures: CountersignError[] = [];
  return {
    failures,
    async pass(fetch) {
      try {
        return await fetch();
      } catch (error) {
        if (!isLasting(error)) throw error;
        failures.push(error);
        return undefined;
      }
    },
  };
}

/**
 * Whether a failure is how the registry answers for this one name: a denial, or a page instead of an answer. Some
 * registries answer so for what is absent, and whoever can push can name what is absent.
 */
export function isLasting(error: unknown): error is CountersignError {
  return (
    error instanceof CountersignError &&
    (error.code === 'registry-denied' || error.code === 'registry-misbehaved')
  );
}
