import { describe, expect, it } from 'vitest';
import { APPROVED, RECEIPT, parseApproved } from '#shared/core/annotations.ts';
import { decide } from '#shared/core/decide.ts';
import type { DecisionInput, Followed } from '#shared/core/decision-input.ts';
import type { Digest } from '#shared/core/digest.ts';
import { liveKey } from '#shared/core/sync-status.ts';
import { parseReceipt } from '#shared/configsync/read-rsync.ts';
import { formatReceipt } from '#shared/core/receipt.ts';
import type { RSync, SyncStatus } from '#shared/core/rsync.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import {
  NOW,
  OTHER_POLICY,
  POLICY,
  RULE,
  UNSIGNED,
  UNTRUSTED,
  VERIFIED,
  decisionInput,
  followed,
  resolvedTo,
} from '#test/fixtures/decision.ts';
import { A, B, C, D } from '#test/fixtures/digests.ts';
import { fc } from '#test/fixtures/fast-check.ts';
import { IMAGE, applyPatch, buildRSync, liveStatus, sourceError } from '#test/fixtures/rsync.ts';

const UNUSABLE: Verdict = { status: 'unusable', reason: 'tag-absent', message: 'No such tag' };
/** The first three times in four: what leads to a decision, where all has to come together. */
function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));
}

const digest = fc.constantFrom<Digest>(A, B, C, D);
const verdict = mostly<Verdict>(VERIFIED, UNSIGNED, UNTRUSTED, UNUSABLE);
const TIMES = [0, 1, 2, 3, 4].map((s) => `2026-11-22T05:59:5${s}Z`);
const time = fc.constantFrom(...TIMES);

const status: fc.Arbitrary<SyncStatus> = fc.oneof(
  fc.constant(buildRSync().status),
  digest.map((live) => liveStatus(live)),
  fc
    .tuple(digest, digest, fc.constantFrom('2002', '2013', '2004', '1021'))
    .map(([live, denied, code]) => sourceError(liveStatus(live), denied, code)),
);

const receiptOf = (of: fc.Arbitrary<Digest>): fc.Arbitrary<string> =>
  fc
    .tuple(
      of,
      time,
      fc.constantFrom(POLICY, OTHER_POLICY),
      fc.constantFrom(undefined, 'written' as const, 'refused' as const),
    )
    .map(([subject, resolvedAt, policy, pin]) =>
      formatReceipt({
        image: IMAGE,
        digest: subject,
        verdict: 'verified',
        authorities: [],
        policy,
        resolvedAt,
        approvedAt: resolvedAt,
        enforcement: 'digest',
        reason: 'push',
        ...(pin === undefined ? {} : { pin }),
      }),
    );

const imageToSync = (of: Digest): string => `${IMAGE}@${of}`;
/** What any writer may have left. */
const anything = fc.record(
  {
    approved: fc.uniqueArray(digest, { maxLength: 4 }).map((keys) => keys.join(' ')),
    receipt: fc.oneof(receiptOf(digest), fc.constant('junk')),
    imageToSync: digest.map(imageToSync),
  },
  { requiredKeys: [] },
);
/** What an approval has left: only from there most decisions can be made at all. */
const approvedBefore = fc
  .uniqueArray(digest, { minLength: 1, maxLength: 3 })
  .chain(([newest = A, ...older]) =>
    fc.record({
      approved: fc.constant([newest, ...older].join(' ')),
      receipt: receiptOf(fc.constant(newest)),
      imageToSync: fc.constantFrom(newest, ...older).map(imageToSync),
    }),
  );
const annotations = fc.oneof(anything, { weight: 3, arbitrary: approvedBefore });

const rsync: fc.Arbitrary<RSync> = fc
  .record({ annotations, status, deleting: mostly(false, true), declared: mostly(false, true) })
  .map((parts) => buildRSync(parts));

const target: fc.Arbitrary<Followed> = fc
  .record({
    of: digest,
    verdict,
    resolvedAt: mostly('2026-11-22T05:59:55Z', ...TIMES),
    fresh: mostly(false, true),
    others: fc.array(fc.tuple(digest, verdict)),
    effect: fc.constantFrom('gate' as const, 'pin' as const),
    downgrade: fc.constantFrom('allow' as const, 'warn' as const, 'deny' as const),
  })
  .map(({ of, verdict: found, resolvedAt, fresh, others, effect, downgrade }) =>
    followed(of, found, {
      rule: { ...RULE, effect, downgrade },
      others: new Map(others),
      resolution: resolvedTo(of, { resolvedAt, fresh }),
    }),
  );

const input: fc.Arbitrary<DecisionInput> = fc
  .record({
    rsync,
    target: fc.option(target, { nil: undefined }),
    withdraw: fc.boolean(),
    bare: mostly(false, true),
    reason: fc.constantFrom('push' as const, 'resync' as const),
  })
  .map(({ rsync: of, target: to, withdraw, bare, reason }) =>
    decisionInput(of, to, {
      settings: {
        blockedAfterMs: 120_000,
        deletingAfterMs: 600_000,
        liveAfterMs: 600_000,
        withdraw,
      },
      bare,
      reason,
    }),
  );

const RUNS = { numRuns: 2_000 };

/** `check` says whether a draw reached what it is about: of 20 draws one has to, lest a property is of nothing. */
function checkReached(check: (given: DecisionInput) => boolean): void {
  let reached = 0;
  fc.assert(
    fc.property(input, (given) => {
      if (check(given)) reached += 1;
    }),
    RUNS,
  );
  expect(reached).toBeGreaterThan(RUNS.numRuns / 20);
}

describe('decide(), whatever the input,', () => {
  it('writes nothing the second time and reports nothing twice', () => {
    fc.assert(
      fc.property(input, (first) => {
        const decision = decide(first);
        const after = applyPatch(first.rsync, decision.patch);
        const again = decide({ ...first, rsync: after, previous: decision.transition.record });
        expect(again.patch).toBeUndefined();
        expect(again.transition.events).toEqual([]);
        expect(again.transition.record).toEqual(decision.transition.record);
      }),
      RUNS,
    );
  });

  it('adds no key to the approved list that did not verify', () => {
    checkReached((given) => {
      const { patch } = decide(given);
      const before = parseApproved(given.rsync.annotations.approved.text);
      const added = parseApproved(patch?.annotations[APPROVED]).filter(
        (key) => !before.includes(key),
      );
      const image = given.followed?.resolved?.resolution.image;
      for (const key of added) {
        const found =
          image?.status === 'resolved' && key === image.digest
            ? given.followed?.verdict
            : given.followed?.others.get(key);
        expect(found?.status).toBe('verified');
      }
      const receipted = patch?.annotations[RECEIPT] !== undefined;
      expect(!receipted || given.followed?.verdict.status === 'verified').toBe(true);
      return added.length > 0;
    });
  });

  it('never replaces an approval by a resolution that is not newer, unless made afresh', () => {
    checkReached((given) => {
      const { patch } = decide(given);
      const before = parseReceipt(given.rsync.annotations.receipt.text);
      const after = parseReceipt(patch?.annotations[RECEIPT]);
      const resolution = given.followed?.resolved?.resolution;
      if (before === undefined || after === undefined || resolution?.fresh === true) return false;
      if (after.digest === before.digest) return false;
      expect(Date.parse(after.resolvedAt)).toBeGreaterThan(Date.parse(before.resolvedAt));
      return true;
    });
  });

  it('keeps the live digest approved while it approves another one', () => {
    checkReached((given) => {
      const { patch } = decide({ ...given, settings: { ...given.settings, withdraw: false } });
      const before = parseApproved(given.rsync.annotations.approved.text);
      const live = liveKey(given.rsync);
      if (patch === undefined || live === undefined || !before.includes(live)) return false;
      expect(parseApproved(patch.annotations[APPROVED])).toContain(live);
      return true;
    });
  });

  it('asks for nothing but its own annotations where more was refused', () => {
    checkReached((given) => {
      const { patch } = decide({ ...given, bare: true });
      if (patch === undefined) return false;
      const keys = Object.keys(patch.annotations).filter(
        (key) => ![APPROVED, RECEIPT].includes(key),
      );
      expect([keys, patch.image, patch.version]).toEqual([[], undefined, undefined]);
      return true;
    });
  });

  it('announces only over a digest that stays approved', () => {
    checkReached((given) => {
      const { patch } = decide(given);
      const announced = patch?.annotations['configsync.gke.io/image-to-sync'];
      const replaced = given.rsync.annotations.imageToSync;
      if (announced === undefined || replaced === undefined) return false;
      expect(parseApproved(patch?.annotations[APPROVED])).toContain(
        replaced.slice(replaced.lastIndexOf('@') + 1),
      );
      return true;
    });
  });

  it('is the same for the same input, and reads no clock', () => {
    fc.assert(
      fc.property(input, (given) => {
        expect(decide(given)).toEqual(decide({ ...given, now: new Date(NOW) }));
      }),
    );
  });
});
