import { defined } from '#shared/core/defined.ts';
import { type HoldOrder, holdOfOrder, readHold } from '#shared/core/hold.ts';
import { parseReference } from '#shared/core/reference.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { ApiDeps } from '../deps.ts';
import { type ImageFilter, imageFilter } from '../image-filter.ts';
import { DEFAULT_PAGE, MAX_CLUSTERS_READ } from '../limits.ts';
import { type Position, formatPosition, parsePosition } from '../fleet/request.ts';
import { recordsOf } from '../fleet/read-snapshot.ts';
import type { HoldPage, HoldsQuery, HoldView } from './operation.ts';

/**
 * One page of the RSyncs that are held, in order of cluster and RSync: what the last looks found, and what was ordered
 * since. Orders of one cluster that cannot be read hide no hold that stands. Throws `bad-request`, `bad-reference`, `cluster-not-found`, `store-unavailable`.
 */
export async function listHolds(query: HoldsQuery, deps: ApiDeps): Promise<HoldPage> {
  const { cluster, limit: most, cursor } = query;
  const filter = imageFilter(query.image);
  const limit = most === undefined ? DEFAULT_PAGE : Number(most);
  const after = cursor === undefined ? undefined : parsePosition(cursor);
  const ordered = (await deps.staging?.orders?.list()) ?? [];
  const orders = new Map(ordered.map((one) => [one.cluster, one]));
  const unread: string[] = [];
  const holds: HoldView[] = [];
  let read = 0;
  let next: Position | undefined;
  for await (const record of recordsOf(defined({ cluster, after }), deps)) {
    read += 1;
    const begun = after?.cluster === record.cluster ? after.sync : undefined;
    const known = orders.get(record.cluster) ?? NONE;
    if ('failure' in known) unread.push(record.cluster);
    const some = 'failure' in known ? [] : known.orders;
    const found = viewHolds(record.cluster, record.syncs, some, deps)
      .filter(({ sync }) => begun === undefined || sync > begun)
      .filter((hold) => isOf(hold, filter));
    const shown = found.slice(0, limit - holds.length);
    holds.push(...shown);
    if (shown.length < found.length) {
      next = defined({ cluster: record.cluster, sync: shown.at(-1)?.sync ?? begun });
    } else if (holds.length === limit || read === MAX_CLUSTERS_READ) {
      next = { cluster: record.cluster };
    }
    if (next !== undefined) break;
  }
  return defined({
    holds,
    unread: unread.length === 0 ? undefined : unread,
    next: next && formatPosition(next),
  });
}

const NONE = { orders: [] };

/** The holds of one cluster. */
function viewHolds(
  cluster: string,
  rows: readonly SyncRow[],
  orders: readonly HoldOrder[],
  { now }: Pick<ApiDeps, 'now'>,
): readonly HoldView[] {
  const known = new Map(rows.map((row) => [row.sync, row]));
  const ordered = new Map(orders.map((order) => [order.sync, order]));
  const names = [...new Set([...known.keys(), ...ordered.keys()])].toSorted();
  return names.flatMap((sync) => {
    const row = known.get(sync);
    const held = holdNow(row, ordered.get(sync));
    if (held === undefined) return [];
    const { facts, text } = readHold(held.text);
    const isOver =
      facts === undefined ||
      (facts.until !== undefined && Date.parse(facts.until) <= now().getTime());
    const { state, since } = held;
    return [defined({ cluster, sync, image: row?.image, state, text, ...facts, isOver, since })];
  });
}

/** What holds an RSync now, as far as is known; undefined: nothing. */
function holdNow(
  row: Pick<SyncRow, 'held'> | undefined,
  order: HoldOrder | undefined,
): (Pick<HoldView, 'state' | 'since'> & { readonly text: string }) | undefined {
  const held = row?.held;
  const wanted = order && holdOfOrder(order);
  if (wanted !== undefined && order !== undefined && wanted.text !== held?.text) {
    return { text: wanted.text, state: 'ordered', since: order.at };
  }
  if (held === undefined) return undefined;
  const { text, since, unwritten } = held;
  if (unwritten === true) {
    // What was ordered before, and never stood there.
    return order?.does === 'hold' ? { text, since, state: 'ordered' } : undefined;
  }
  const isLifted = order?.does === 'lift' && order.lifts.includes(text);
  return { text, since, state: isLifted ? 'lifting' : 'on' };
}

function isOf({ image }: HoldView, { repository, tag, digest }: ImageFilter): boolean {
  if (repository === undefined) return true;
  if (image === undefined || digest !== undefined) return false;
  const reference = parseReference(image);
  return reference.repository === repository && (tag === undefined || reference.tag === tag);
}
