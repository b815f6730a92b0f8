import { LISTING_TTL_MS } from './limits.ts';

/** What a fleet's host says it holds; one question for all who ask at about the same time. */
export interface Directory<Listing> {
  /** At most `LISTING_TTL_MS` old. */
  current(): Promise<Listing>;
  /**
   * Younger than whatever the caller saw, for a name that was not in it; but for all such names together at most one
   * question per `LISTING_TTL_MS`: who forges names must not make us ask for each of them.
   */
  afterMiss(): Promise<Listing>;
}

export interface DirectoryDeps {
  /** Milliseconds, from any origin; must not go back. */
  readonly now: () => number;
}

/** A failure is thrown to all who wait for it, and then forgotten. */
export function createDirectory<Listing>(
  load: () => Promise<Listing>,
  { now }: DirectoryDeps,
): Directory<Listing> {
  let latest: { readonly listing: Promise<Listing>; readonly at: number } | undefined;
  let missedAt = -Infinity;

  function reload(): Promise<Listing> {
    const mine = { listing: load(), at: now() };
    latest = mine;
    mine.listing.catch(() => {
      if (latest === mine) latest = undefined;
    });
    return mine.listing;
  }

  function current(): Promise<Listing> {
    const young = latest !== undefined && now() - latest.at < LISTING_TTL_MS;
    return latest !== undefined && young ? latest.listing : reload();
  }

  return {
    current,
    afterMiss() {
      if (now() - missedAt < LISTING_TTL_MS) return current();
      missedAt = now();
      return reload();
    },
  };
}
