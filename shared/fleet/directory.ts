import { LISTING_TTL_MS } from './limits.ts';

/** The listing of a fleet's host; one request for all callers at about the same time. */
interface Directory<Listing> {
  /** At most `LISTING_TTL_MS` old. */
  current(): Promise<Listing>;
  /**
   * Younger than whatever the caller saw, for a name that was not in it; but for all such names together at most one
   * request per `LISTING_TTL_MS`: an attacker who forges names must not cause a request for each of them.
   */
  afterMiss(): Promise<Listing>;
}

/**
 * A failure is thrown to all who wait for it, and then forgotten. `now` is in milliseconds, and must not go back.
 *
 * @example
 * const directory = createDirectory(() => listMemberships('fleet-host', deps), { now: () => performance.now() });
 * const { memberships } = await directory.current();
 */
export function createDirectory<Listing>(
  load: () => Promise<Listing>,
  { now }: { readonly now: () => number },
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
