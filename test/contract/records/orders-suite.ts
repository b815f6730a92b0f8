import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HoldOrder } from '#shared/core/hold.ts';
import type { Orders } from '#shared/records/orders.ts';
import { MAX_ORDERS } from '#shared/records/orders-schema.ts';

export interface OrdersUnderTest {
  readonly name: string;
  /** Opens the orders of one test again and again: every call sees what the others wrote. */
  readonly open: () => Promise<Orders>;
  /** Writes raw text where the orders of the cluster are. */
  readonly damage: (cluster: string, text: string) => Promise<void>;
}

const CLUSTER = 'projects/p/locations/l/memberships/cluster-1';
const WRITERS = 20;

export function heldOrder(changes: Partial<Extract<HoldOrder, { does: 'hold' }>> = {}): HoldOrder {
  return {
    does: 'hold',
    sync: 'RootSync/root-sync',
    by: 'ops@acme.example',
    reason: 'INC-7 “ümläut”',
    at: '2026-11-22T06:00:00.000Z',
    request: 'r-1',
    ...changes,
  };
}

const LIFT: HoldOrder = {
  does: 'lift',
  sync: 'RepoSync/shop/repo-sync',
  by: 'ops@acme.example',
  reason: 'INC-7 is over',
  at: '2026-11-22T06:00:00.000Z',
  request: 'r-2',
  lifts: ['- ops@acme.example INC-7', ''],
};

/** What orders must do, whatever they are kept in. */
export function ordersContract({ name, open, damage }: OrdersUnderTest): void {
  describe(`orders contract: ${name}`, () => {
    let orders: Orders;
    beforeEach(async () => {
      orders = await open();
    });
    afterEach(() => orders?.close());

    async function write(some: readonly HoldOrder[], cluster = CLUSTER): Promise<boolean> {
      return orders.replace(some, await orders.read(cluster));
    }

    it('has none of a cluster that never had any', async () => {
      expect(await orders.read(CLUSTER)).toEqual({ cluster: CLUSTER, orders: [] });
      expect(await orders.list()).toEqual([]);
    });

    it('reads back what was written, through another handle too', async () => {
      const some = [heldOrder({ until: '2026-12-01T08:00:00Z' }), LIFT];
      expect(await write(some)).toBe(true);
      const other = await open();
      for (const handle of [orders, other]) {
        const found = { cluster: CLUSTER, orders: some, revision: expect.any(String) };
        expect(await handle.read(CLUSTER)).toEqual(found);
        expect(await handle.list()).toEqual([found]);
      }
      await other.close();
    });

    it('replaces what was read, and nothing that came after it', async () => {
      const first = await orders.read(CLUSTER);
      expect(await orders.replace([heldOrder()], first)).toBe(true);
      expect(await orders.replace([LIFT], first)).toBe(false);
      const second = await orders.read(CLUSTER);
      expect(await orders.replace([heldOrder(), LIFT], second)).toBe(true);
      expect(await orders.replace([], second)).toBe(false);
      expect((await orders.read(CLUSTER)).orders).toEqual([heldOrder(), LIFT]);
    });

    it('leaves nothing in place of what is settled, and begins anew', async () => {
      await write([heldOrder()]);
      const before = await orders.read(CLUSTER);
      expect(await orders.replace([], before)).toBe(true);
      expect(await orders.list()).toEqual([]);
      expect(await write([])).toBe(true);
      expect(await orders.replace([LIFT], before)).toBe(false);
      expect(await write([LIFT])).toBe(true);
    });

    it('lists clusters by name, more than come in one answer', async () => {
      const names = Array.from({ length: 23 }, (_, n) => `cluster-${String(n).padStart(2, '0')}`);
      for (const cluster of names.toReversed()) await write([heldOrder()], cluster);
      expect((await orders.list()).map(({ cluster }) => cluster)).toEqual(names);
    });

    it('lets one of many writers win', async () => {
      const over = await orders.read(CLUSTER);
      const writers = Array.from({ length: WRITERS }, async (_, n) =>
        (await open()).replace([heldOrder({ request: `r-${n}` })], over),
      );
      const wins = (await Promise.all(writers)).filter(Boolean);
      expect(wins).toHaveLength(1);
    });

    it.each(['', 'null', '[{"does":"dance"}]', `[${'{},'.repeat(MAX_ORDERS)}{}]`])(
      'does not take what it cannot read for none: %.20s',
      async (text) => {
        await write([heldOrder()]);
        await damage(CLUSTER, text);
        await expect(orders.read(CLUSTER)).rejects.toMatchObject({ code: 'store-unavailable' });
      },
    );

    it('lists what others have beside what it cannot read', async () => {
      for (const cluster of ['c1', 'c2', 'c3']) await write([heldOrder()], cluster);
      await damage('c2', '[{"does":"dance"}]');
      const failure = expect.objectContaining({ code: 'store-unavailable' });
      const readable = { orders: [heldOrder()], revision: expect.any(String) };
      expect(await orders.list()).toEqual([
        { cluster: 'c1', ...readable },
        { cluster: 'c2', failure },
        { cluster: 'c3', ...readable },
      ]);
    });

    it('keeps what a later version has added', async () => {
      const later = [{ ...heldOrder(), colour: 'green' }];
      await write([heldOrder()]);
      await damage(CLUSTER, JSON.stringify(later));
      expect(await write((await orders.read(CLUSTER)).orders)).toBe(true);
      expect((await orders.read(CLUSTER)).orders).toEqual(later);
    });

    it('refuses more orders than one cluster may have', async () => {
      const many = Array.from({ length: MAX_ORDERS + 1 }, (_, n) =>
        heldOrder({ sync: `RootSync/r-${n}`, reason: 'x'.repeat(480) }),
      );
      await expect(write(many)).rejects.toMatchObject({ code: 'too-large', retry: false });
      expect(await write(many.slice(1))).toBe(true);
      expect((await orders.read(CLUSTER)).orders).toHaveLength(MAX_ORDERS);
    });

    it('refuses what has no room in one document, and could not be read back', async () => {
      const many = Array.from({ length: MAX_ORDERS }, (_, n) => ({
        ...LIFT,
        sync: `RootSync/r-${n}`,
        lifts: [0, 1, 2, 3].map((nth) => `${nth}${'ü'.repeat(500)}`),
      }));
      await expect(write(many)).rejects.toMatchObject({ code: 'too-large', retry: false });
      expect((await orders.read(CLUSTER)).orders).toEqual([]);
    });
  });
}
