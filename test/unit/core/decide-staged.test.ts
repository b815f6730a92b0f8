import { describe, expect, it } from 'vitest';
import { APPROVED } from '#shared/core/annotations.ts';
import { decide } from '#shared/core/decide.ts';
import type { DecisionInput, Followed, StagedAdmission } from '#shared/core/decision-input.ts';
import { defined } from '#shared/core/defined.ts';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import { parseReference } from '#shared/core/reference.ts';
import { type Recorded, admitsAmong, recordFor, staleKeys } from '#shared/core/rollout/among.ts';
import { ROLLOUT_STATES } from '#shared/core/rollout/record.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { liveKey } from '#shared/core/sync-status.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import {
  RULE,
  UNSIGNED,
  UNTRUSTED,
  VERIFIED,
  decisionInput,
  resolvedTo,
} from '#test/fixtures/decision.ts';
import { A, B, C, D } from '#test/fixtures/digests.ts';
import { fc } from '#test/fixtures/fast-check.ts';
import { NOW, record, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE, applyPatch, buildRSync, liveStatus, sourceError } from '#test/fixtures/rsync.ts';

const digest = fc.constantFrom<Digest>(A, B, C, D);

/** What there is of one RSync, from which its admission is asked each time that it is looked at. */
interface World {
  readonly rsync: RSync;
  readonly entries: readonly Recorded[];
  readonly tag: Digest;
  readonly verdicts: Readonly<Record<Digest, Verdict>>;
  readonly effect: 'gate' | 'pin';
  readonly newClusters: 'previous' | 'newest' | 'wait';
  readonly previous?: DecisionInput['previous'];
}

const anyRecord = fc
  .record({
    digest,
    previous: digest,
    status: fc.constantFrom(...ROLLOUT_STATES),
    kind: fc.constantFrom('forward' as const, 'rollback' as const),
    rejected: fc.uniqueArray(digest, { maxLength: 2 }),
    stage: fc.constantFrom('canary', 'rest'),
    cause: fc.constantFrom('person' as const, 'digests-differ' as const),
    cursor: fc.constantFrom({ cluster: 'a' }, { cluster: 'z' }),
  })
  .map((changes) => changes);

const world: fc.Arbitrary<World> = fc
  .record({
    approved: fc.option(fc.uniqueArray(digest, { maxLength: 4 })),
    hold: fc.option(fc.constant('- ops@acme.example INC-7')),
    status: fc.oneof(
      fc.constant(buildRSync().status),
      digest.map((live) => liveStatus(live)),
      fc
        .tuple(digest, digest, fc.constantFrom('2002', '1021'))
        .map(([live, pulled, code]) => sourceError(liveStatus(live), pulled, code)),
    ),
    records: fc.array(anyRecord, { maxLength: 3 }),
    tag: digest,
    verdicts: fc.array(fc.constantFrom(VERIFIED, VERIFIED, UNSIGNED, UNTRUSTED), {
      minLength: 4,
      maxLength: 4,
    }),
    effect: fc.constantFrom('gate' as const, 'pin' as const),
    newClusters: fc.constantFrom('previous' as const, 'newest' as const, 'wait' as const),
  })
  .map(({ approved, hold, status, records, tag, verdicts, effect, newClusters }) => {
    const texts = { approved: approved?.join(' '), hold: hold ?? undefined };
    const of = (n: number): string => (n === 0 ? IMAGE : IMAGE.replace(':v1', `:v${n + 1}`));
    return {
      rsync: buildRSync({ annotations: texts, status }),
      entries: records.map((changes, n) => {
        const image = of(n);
        return { image, known: true, record: record({ image, ...changes }) };
      }),
      tag,
      verdicts: Object.fromEntries([A, B, C, D].map((key, n) => [key, verdicts[n] ?? UNSIGNED])),
      effect,
      newClusters,
    };
  });

function admissionOf({ rsync, entries, newClusters }: World): StagedAdmission {
  const { approved, hold } = rsync.annotations;
  const { keys } = approved;
  const sync = { approved: keys[0], live: liveKey(rsync), held: hold !== undefined, keys };
  const candidate = defined({ ...sync, cluster: 'c5', labels: { ring: 'rest' } });
  const by = strategy({ newClusters });
  const following = { image: IMAGE, key: undefined };
  const answer = admitsAmong(entries, following, by, candidate, NOW);
  return defined({
    image: IMAGE,
    stage: 'rest',
    digest: answer.allowed ? answer.digest : recordFor(entries, following)?.digest,
    why: answer.allowed ? undefined : answer.why,
    stale: staleKeys(entries, by, candidate, NOW),
  });
}

function inputOf(given: World): DecisionInput {
  const { rsync, verdicts, tag, effect, previous } = given;
  const admission = admissionOf(given);
  const { why, digest: letIn = '' } = admission;
  const target = why === undefined && isDigest(letIn) ? letIn : tag;
  const about = (key: Digest): Pick<Followed, 'policy' | 'resolved' | 'verdict'> => ({
    policy: 'sha256:policy-1',
    resolved: { reference: parseReference(IMAGE), resolution: resolvedTo(key), key },
    verdict: verdicts[key] ?? UNSIGNED,
  });
  const followed: Followed = {
    ...about(target),
    rule: { ...RULE, effect },
    others: new Map(Object.entries(verdicts)),
    admission,
    ...(target === tag ? {} : { named: about(tag) }),
  };
  return decisionInput(rsync, followed, defined({ previous, now: NOW }));
}

const RUNS = { numRuns: 1_000 };

describe('decide() of what is rolled out in stages, whatever the input,', () => {
  it('writes nothing where nothing is let in, but for what is taken out', () => {
    fc.assert(
      fc.property(world, (given) => {
        const input = inputOf(given);
        if (input.followed?.admission?.why === undefined) return;
        const { patch, approved } = decide(input);
        const before = given.rsync.annotations.approved.keys;
        expect(before).toEqual(expect.arrayContaining([...approved]));
        if (patch === undefined) return;
        expect(Object.keys(patch)).toEqual(['annotations']);
        expect(Object.keys(patch.annotations)).toEqual([APPROVED]);
        expect(approved.length).toBeLessThan(before.length);
      }),
      RUNS,
    );
  });

  it('approves anew what is let in and verifies, and nothing else', () => {
    fc.assert(
      fc.property(world, (given) => {
        const input = inputOf(given);
        const { approved } = decide(input);
        const added = approved.filter(
          (key) => !given.rsync.annotations.approved.keys.includes(key),
        );
        const { admission } = input.followed ?? {};
        for (const key of added)
          expect([key, admission?.why]).toEqual([admission?.digest, undefined]);
        const found = added.filter(isDigest).map((key) => given.verdicts[key]);
        expect(found).toEqual(added.map(() => VERIFIED));
      }),
      RUNS,
    );
  });

  it('leaves no key that any record has rejected, but for what is live', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { approved } = decide(inputOf(given));
        const live = liveKey(given.rsync);
        const rejected = given.entries.flatMap((entry) => entry.record?.rejected ?? []);
        expect(approved.filter((key) => key !== live && rejected.includes(key))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('keeps what is live approved where it was', () => {
    fc.assert(
      fc.property(world, (given) => {
        const live = liveKey(given.rsync);
        if (live === undefined) return;
        if (!given.rsync.annotations.approved.keys.includes(live)) return;
        expect(decide(inputOf(given)).approved).toContain(live);
      }),
      RUNS,
    );
  });

  it('writes nothing the second time, and reports nothing twice', () => {
    fc.assert(
      fc.property(world, (given) => {
        const before = given.rsync.annotations.approved.keys[0];
        const first = decide(inputOf(given));
        let last = { ...given, rsync: applyPatch(given.rsync, first.patch) };
        let previous = first.transition.record;
        // Where the newest is another one, the next look finds what that lets in, and what must not stay beside it.
        if (first.approved[0] !== before) {
          const second = decide(inputOf({ ...last, previous }));
          last = { ...last, rsync: applyPatch(last.rsync, second.patch) };
          previous = second.transition.record;
        }
        const again = decide(inputOf({ ...last, previous }));
        expect(again.patch).toBeUndefined();
        expect(again.transition.events).toEqual([]);
      }),
      RUNS,
    );
  });

  it('waits only where no failure is to be seen', () => {
    fc.assert(
      fc.property(world, (given) => {
        const input = inputOf(given);
        const { phase } = decide(input).observation;
        if (phase !== 'Waiting') return;
        const live = liveKey(given.rsync);
        expect(live === undefined || decide(input).approved.includes(live)).toBe(true);
        const tag = given.verdicts[given.tag];
        expect(tag).toBe(VERIFIED);
      }),
      RUNS,
    );
  });
});
