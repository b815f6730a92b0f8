import { describe, expect, it } from 'vitest';
import type { RSync } from '#shared/core/rsync.ts';
import { PERMISSION_MS, WITHDRAWAL_NOTE, mayWithdraw } from '#shared/reconcile/may-withdraw.ts';
import type { WithdrawalNote } from '#shared/store/store.ts';
import { OTHER_POLICY, POLICY, UNTRUSTED, followed } from '#test/fixtures/decision.ts';
import { A } from '#test/fixtures/digests.ts';
import { rsyncOf, run, verifiedWorld } from '#test/fixtures/reconcile-run.ts';
import { buildRSync } from '#test/fixtures/rsync.ts';

const NOW = new Date('2026-11-22T06:00:00Z');
const REPOSITORY = 'us-docker.pkg.dev/acme/configs/platform';
const CHANGED = followed(A, UNTRUSTED, { policy: OTHER_POLICY });

interface Asked {
  readonly note?: WithdrawalNote | undefined;
  readonly rsync?: RSync;
  readonly target?: typeof CHANGED | undefined;
}

/** Of an RSync that was approved under `POLICY`, and is followed under another. */
async function ask(asked: Asked): Promise<boolean> {
  const world = verifiedWorld();
  await run(world);
  const { store } = world.deps;
  if (asked.note !== undefined) await store.writeNote('withdrawal', WITHDRAWAL_NOTE, asked.note);
  const target = 'target' in asked ? asked.target : CHANGED;
  return mayWithdraw(asked.rsync ?? rsyncOf(world), target, { store, now: () => NOW });
}

function allowed(hash: string, ago = 0): WithdrawalNote {
  return { allowed: { [hash]: new Date(NOW.getTime() - ago).toISOString() } };
}

describe('mayWithdraw()', () => {
  it.each<[string, boolean, WithdrawalNote | undefined]>([
    ['a sweep allowed it just now', true, allowed(OTHER_POLICY)],
    ['as long as its word holds', true, allowed(OTHER_POLICY, PERMISSION_MS)],
    ['its word is old', false, allowed(OTHER_POLICY, PERMISSION_MS + 1)],
    [
      'its repository could not be judged',
      false,
      {
        ...allowed(OTHER_POLICY),
        unchecked: { since: NOW.toISOString(), repositories: [REPOSITORY] },
      },
    ],
    [
      'another repository could not be judged',
      true,
      {
        ...allowed(OTHER_POLICY),
        unchecked: { since: NOW.toISOString(), repositories: [`${REPOSITORY}-2`] },
      },
    ],
    ['no sweep has weighed it', false, undefined],
    ['another policy was weighed', false, allowed('sha256:policy-3')],
    [
      'the brake holds',
      false,
      { allowed: {}, braked: { since: '2026-11-22T05:00:00Z', policies: [OTHER_POLICY] } },
    ],
  ])('%s: %s', async (_, may, note) => {
    expect(await ask({ note })).toBe(may);
  });

  it.each<[string, Asked]>([
    ['under the policy of the receipt', { note: allowed(POLICY), target: followed(A, UNTRUSTED) }],
    ['without a receipt', { note: allowed(OTHER_POLICY), rsync: buildRSync() }],
    ['what is not followed', { note: allowed(OTHER_POLICY), target: undefined }],
  ])('is never %s', async (_, asked) => {
    expect(await ask(asked)).toBe(false);
  });
});
