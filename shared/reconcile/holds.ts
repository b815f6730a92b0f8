import { type HoldOrder, type SeenHold, holdOfOrder, isCarriedOut } from '#shared/core/hold.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { ClusterOrders } from '#shared/records/orders.ts';
import type { ImageDeps } from './deps.ts';
import { unreadable } from './unreadable.ts';

/** What was ordered of the holds of one cluster, in one look at it. */
export interface Holds {
  /**
   * The RSync with the hold that it has by now: a hold that was ordered holds before it is written, and one that is to be
   * lifted until it is gone. `afresh`: another writer was faster. Throws `records-unavailable`.
   */
  of(rsync: RSync, afresh: boolean): Promise<RSync>;
  /**
   * What is still to be written on the RSync; undefined: nothing. `seen`: its hold at the last look. Throws
   * `records-unavailable`.
   */
  due(rsync: RSync, afresh: boolean, seen: SeenHold | undefined): Promise<HoldOrder | undefined>;
  /** The order that the RSync is as it says, by its `request`; undefined: there is none, or that is not known. */
  done(rsync: RSync, seen: SeenHold | undefined): Promise<string | undefined>;
}

/**
 * To be made after the list: orders are read once, and again for what asks afresh, so that whatever was ordered before
 * the RSync was read is known.
 *
 * @example
 * const rsync = await createHolds(cluster, deps).of(listed, false);
 */
export function createHolds(cluster: string, { staging }: Pick<ImageDeps, 'staging'>): Holds {
  const orders = staging?.orders;
  let read: Promise<ClusterOrders> | undefined;

  async function orderFor(rsync: RSync, afresh: boolean): Promise<HoldOrder | undefined> {
    if (orders === undefined) return undefined;
    if (afresh || read === undefined)
      read = orders.read(cluster).catch(unreadable('Which holds were ordered'));
    const sync = formatSyncRef(rsync.ref);
    return (await read).orders.find((order) => order.sync === sync);
  }

  return {
    async of(rsync, afresh) {
      const order = await orderFor(rsync, afresh);
      const hold = order && holdOfOrder(order);
      const { annotations } = rsync;
      if (hold === undefined || hold.text === annotations.hold?.text) return rsync;
      return { ...rsync, annotations: { ...annotations, hold: { ...hold, unwritten: true } } };
    },
    async due(rsync, afresh, seen) {
      const order = await orderFor(rsync, afresh);
      const text = rsync.annotations.hold?.text;
      const isDue = order !== undefined && !isCarriedOut(order, text, seen);
      return isDue ? order : undefined;
    },
    async done(rsync, seen) {
      const { hold } = rsync.annotations;
      const order = await orderFor(rsync, false).catch(() => undefined);
      const isDone = order !== undefined && isCarriedOut(order, hold?.text, seen);
      return isDone && hold?.unwritten !== true ? order.request : undefined;
    },
  };
}
