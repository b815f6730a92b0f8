import { describe, expect, it } from 'vitest';
import { forEachSync } from '#shared/reconcile/for-each-sync.ts';
import { buildRSync } from '#test/fixtures/rsync.ts';

const SYNCS = Array.from({ length: 20 }, (_, index) => buildRSync({ uid: `uid-${index}` }));

describe('forEachSync()', () => {
  it('works on a few at once, and keeps their order', async () => {
    let running = 0;
    let most = 0;
    const done = await forEachSync(SYNCS, async ({ uid }) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return uid;
    });
    expect(done).toEqual(SYNCS.map(({ uid }) => uid));
    expect(most).toBe(4);
  });

  it('begins nothing more once the cluster has failed, and waits for what was begun', async () => {
    const begun: string[] = [];
    const ended: string[] = [];
    const failure = new Error('The cluster is gone');
    const work = forEachSync(SYNCS, async ({ uid }) => {
      begun.push(uid);
      if (uid === 'uid-1') throw failure;
      await new Promise((resolve) => setImmediate(resolve));
      ended.push(uid);
      return uid;
    });
    await expect(work).rejects.toBe(failure);
    expect(begun).toEqual(['uid-0', 'uid-1', 'uid-2', 'uid-3']);
    expect(ended).toEqual(['uid-0', 'uid-2', 'uid-3']);
  });

  it('has nothing to do for nothing', async () => {
    expect(await forEachSync([], async () => 1)).toEqual([]);
  });
});
