import * as z from 'zod';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { HoldOrder } from '#shared/core/hold.ts';
import { parseJson } from '#shared/net/json.ts';
import type { ClusterOrders, UnreadOrders } from './orders.ts';

/** Orders for one cluster: each is gone as soon as it stands on its RSync. */
export const MAX_ORDERS = 500;

/** Five hundred that are not all of the longest are below it, and it is below what a document of Firestore holds. */
const MAX_BYTES = 900 * 1024;

/** Characters: an annotation has no more. */
const MAX_TEXT = 512;
/** The hold in place, and those that were ordered and may not be in place yet. */
const MAX_LIFTS = 4;

const Text = z.string().min(1).max(MAX_TEXT);
const Time = z.iso.datetime();
const ORDERED = { sync: Text, by: Text, reason: Text, at: Time, request: Text };

/** Keys that a later version has added stay with the order: this one may write it meanwhile. */
const Stored: z.ZodType<readonly HoldOrder[]> = z.lazy(() =>
  z
    .array(
      z.union([
        z.looseObject({ ...ORDERED, does: z.literal('hold'), until: Time.exactOptional() }),
        z.looseObject({
          ...ORDERED,
          does: z.literal('lift'),
          lifts: z.array(z.string().max(MAX_TEXT)).max(MAX_LIFTS),
        }),
      ]),
    )
    .max(MAX_ORDERS),
);

/** Throws `store-unavailable` for a text that is none: what it held back must not be let in. */
export function readOrders(text: string, cluster: string): readonly HoldOrder[] {
  const { data } = Stored.safeParse(text.length > MAX_BYTES ? undefined : parseJson(text));
  if (data !== undefined) return data;
  const message = `The holds that were ordered for ${cluster} cannot be read: repair or remove their record`;
  throw new CountersignError('store-unavailable', message);
}

/** One cluster of a list. `read` throws where its orders cannot be read. */
export function listOrders(
  cluster: string,
  read: () => ClusterOrders,
): ClusterOrders | UnreadOrders {
  try {
    return read();
  } catch (error) {
    return { cluster, failure: toFailure(error) };
  }
}

/** The orders as text. Throws `internal` for those that could not be read back, `too-large` for too many. */
export function writeOrders(orders: readonly HoldOrder[], cluster: string): string {
  if (orders.length > MAX_ORDERS) {
    const message = `${cluster} has more than ${MAX_ORDERS} holds that are not written yet; freeze the cluster instead`;
    throw new CountersignError('too-large', message, { retry: false });
  }
  const { data, error } = Stored.safeParse(orders);
  if (data !== undefined) {
    const text = JSON.stringify(data);
    if (Buffer.byteLength(text) <= MAX_BYTES) return text;
    const message = `The holds of ${cluster} that are not written yet have no room in one record; freeze the cluster instead`;
    throw new CountersignError('too-large', message, { retry: false });
  }
  const place = error?.issues[0]?.path.join('.') ?? '';
  const message = `The order of a hold is wrong at ${place}`;
  throw new CountersignError('internal', message, { cause: error, retry: false });
}
