import type { CountersignError } from '#shared/core/errors.ts';
import type { HoldOrder } from '#shared/core/hold.ts';

/** Orders for one cluster: an RSync has one at most, the newest. */
export interface ClusterOrders {
  /** Full membership name, or kubeconfig context. */
  readonly cluster: string;
  readonly orders: readonly HoldOrder[];
  /** Names the write that is in place, for `replace`; absent: nothing is in place. */
  readonly revision?: string;
}

/** Of a cluster whose orders cannot be read, in a list: there are some. */
export interface UnreadOrders {
  readonly cluster: string;
  readonly failure: CountersignError;
}

/**
 * What people decided of holds, until it stands on the RSyncs: in the records' database, so that only `api` and `sweep`
 * write, and workers, who carry it out, read. Throws `store-unavailable`, also for what is in place and cannot be read:
 * it may be a hold.
 */
export interface Orders {
  read(cluster: string): Promise<ClusterOrders>;
  /** Each cluster that has orders, by name: those that cannot be read hide no others. */
  list(): Promise<readonly (ClusterOrders | UnreadOrders)[]>;
  /**
   * Writes the orders over what `over` found in place, and only if that is in place still; without orders nothing is left
   * in place. Returns whether it did. Throws `too-large` for more than `MAX_ORDERS`.
   */
  replace(orders: readonly HoldOrder[], over: ClusterOrders): Promise<boolean>;
  close(): Promise<void>;
}
