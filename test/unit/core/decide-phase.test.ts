import { describe, expect, it } from 'vitest';
import { decide } from '#shared/core/decide.ts';
import { hexOf } from '#shared/core/digest.ts';
import type { Phase, PhaseRecord } from '#shared/core/phase.ts';
import type { RSync, SyncStatus } from '#shared/core/rsync.ts';
import {
  NOW,
  OTHER_POLICY,
  RULE,
  UNSIGNED,
  UNTRUSTED,
  VERIFIED,
  decisionInput,
  followed,
} from '#test/fixtures/decision.ts';
import { approvedRSync, idle, stalled, syncError } from '#test/fixtures/approved-rsync.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import {
  IMAGE,
  buildRSync,
  liveStatus,
  ociSource,
  sourceError,
  textsOf,
} from '#test/fixtures/rsync.ts';

const MINUTE = 60_000;

/** Refused, approved, then failing at rendering: Config Sync keeps the refusal (docs/facts/config-sync.md#refusals). */
function oldDenial(errorSources: readonly ('source' | 'rendering')[]): SyncStatus {
  const status = sourceError(liveStatus(B), A, '2002');
  const errors = [{ code: '1068', message: 'KNV1068: kustomize' }];
  return {
    ...status,
    rendering: { commit: hexOf(A), errors, errorCount: 1 },
    syncing: { status: 'False', reason: 'Rendering', message: '', errorCount: 1, errorSources },
  };
}

function announced(rsync: RSync): RSync {
  const imageToSync = `${IMAGE}@${A}`;
  return { ...rsync, annotations: { ...rsync.annotations, imageToSync } };
}

const unsigned = followed(A, UNSIGNED);
const verified = followed(A, VERIFIED);

describe('phase', () => {
  it.each<[string, Phase, RSync, ReturnType<typeof followed> | undefined]>([
    ['no rule matches', 'Ignored', buildRSync(), undefined],
    ['it is being deleted', 'Ignored', approvedRSync(stalled, 0, { deleting: true }), verified],
    ['unsigned so far', 'Pending', buildRSync(), unsigned],
    [
      'unsigned, the approved one before it live',
      'Pending',
      approvedRSync(liveStatus(B)),
      followed(C, UNSIGNED),
    ],
    [
      'unsigned, and the approved one, which is pulled, fails',
      'Failed',
      approvedRSync(syncError),
      followed(C, UNSIGNED),
    ],
    [
      'untrusted, and the approved one, which is pinned, cannot be pulled',
      'Failed',
      approvedRSync(sourceError(idle, undefined, '2004', '2026-11-22T05:59:30Z'), MINUTE),
      followed(C, UNTRUSTED, { rule: { ...RULE, effect: 'pin' } }),
    ],
    [
      'untrusted, and the tag cannot be pulled',
      'Rejected',
      approvedRSync(sourceError(idle, undefined, '2004', '2026-11-22T05:59:30Z'), MINUTE),
      followed(C, UNTRUSTED, { rule: { ...RULE, effect: 'gate' } }),
    ],
    [
      'unsigned, and refused as it must be',
      'Pending',
      approvedRSync(sourceError(idle, C, '2002'), 3 * MINUTE),
      followed(C, UNSIGNED),
    ],
    ['its signature vanished, and it is live', 'Synced', approvedRSync(liveStatus(A)), unsigned],
    ['its signature vanished on its way', 'Approved', approvedRSync(liveStatus(B)), unsigned],
    [
      'its signature vanished under another policy',
      'Pending',
      approvedRSync(liveStatus(B)),
      followed(A, UNSIGNED, { policy: OTHER_POLICY }),
    ],
    ['untrusted', 'Rejected', buildRSync(), followed(A, UNTRUSTED)],
    [
      'unusable',
      'Rejected',
      buildRSync(),
      followed(A, { status: 'unusable', reason: 'tag-absent', message: 'No such tag' }),
    ],
    [
      'no exact chart version',
      'Refused',
      buildRSync(),
      followed(A, { status: 'unusable', reason: 'version-not-static', message: 'Not exact' }),
    ],
    ['approved just now', 'Approved', buildRSync(), verified],
    ['approved, the one before it live', 'Approved', approvedRSync(liveStatus(B)), verified],
    ['live', 'Synced', approvedRSync(liveStatus(A)), verified],
    ['live before it was approved', 'Synced', buildRSync({ status: liveStatus(A) }), verified],
    [
      'denied within the grace period',
      'Approved',
      approvedRSync(sourceError(idle, A, '2002'), MINUTE),
      verified,
    ],
    [
      'denied for longer (2002)',
      'Blocked',
      approvedRSync(sourceError(idle, A, '2002'), 3 * MINUTE),
      verified,
    ],
    [
      'denied for longer (2013)',
      'Blocked',
      approvedRSync(sourceError(idle, A, '2013'), 3 * MINUTE),
      verified,
    ],
    [
      'a denial of another digest, which Config Sync has not left yet',
      'Approved',
      approvedRSync(sourceError(idle, C, '2002'), 3 * MINUTE),
      verified,
    ],
    [
      'an old denial, while Config Sync reports errors of another stage',
      'Failed',
      approvedRSync(oldDenial(['rendering']), 3 * MINUTE),
      verified,
    ],
    [
      'a denial that the condition is about',
      'Blocked',
      approvedRSync(oldDenial(['source', 'rendering']), 3 * MINUTE),
      verified,
    ],
    [
      'an old denial of what is live, and approved again since',
      'Approved',
      announced(approvedRSync(sourceError(liveStatus(A), A, '2002'), 3 * MINUTE)),
      verified,
    ],
    [
      'a denial of what Countersign itself has announced',
      'Blocked',
      announced(approvedRSync(sourceError(idle, A, '2002'), 3 * MINUTE)),
      verified,
    ],
    ['errors for this digest', 'Failed', approvedRSync(syncError), verified],
    [
      'a pull that failed before the approval',
      'Approved',
      approvedRSync(sourceError(idle, undefined, '2004', '2026-11-22T05:58:00Z'), MINUTE),
      verified,
    ],
    [
      'a pull that fails since',
      'Failed',
      approvedRSync(sourceError(idle, undefined, '2004', '2026-11-22T05:59:30Z'), MINUTE),
      verified,
    ],
    [
      'a pull that failed before the approval, however long ago that is',
      'Approved',
      approvedRSync(sourceError(idle, undefined, '2004', '2026-11-22T05:00:00Z'), 30 * MINUTE),
      verified,
    ],
    [
      'errors for another digest',
      'Approved',
      approvedRSync(sourceError(idle, C, '1021')),
      verified,
    ],
    [
      'errors while still syncing',
      'Approved',
      approvedRSync({
        ...syncError,
        syncing: { status: 'True', reason: 'Sync', message: 'Syncing', errorCount: 0 },
      }),
      verified,
    ],
    ['stalled, whatever else', 'Stalled', approvedRSync(stalled), verified],
    ['live and never approved', 'Unguarded', buildRSync({ status: liveStatus(A) }), unsigned],
    ['another one live that was not approved', 'Unguarded', approvedRSync(liveStatus(C)), verified],
    [
      'live by break-glass',
      'Synced',
      buildRSync({ status: liveStatus(A), annotations: { breakGlass: `${A} incident 42` } }),
      unsigned,
    ],
    [
      'let through by break-glass, and not live yet',
      'Approved',
      buildRSync({ annotations: { breakGlass: `${A} incident 42` } }),
      followed(A, UNTRUSTED),
    ],
    [
      'another digest by break-glass',
      'Pending',
      buildRSync({ status: liveStatus(B), annotations: { breakGlass: `${B} incident 42` } }),
      unsigned,
    ],
    [
      'live is what an earlier image left behind',
      'Approved',
      buildRSync({
        source: ociSource('us-docker.pkg.dev/acme/configs/shop:v1'),
        status: liveStatus(C),
      }),
      followed(A, VERIFIED, { image: 'us-docker.pkg.dev/acme/configs/shop:v1' }),
    ],
  ])('%s: %s', (_, phase, rsync, target) => {
    expect(decide(decisionInput(rsync, target)).observation.phase).toBe(phase);
  });

  it.each([
    ['the gate is missing', buildRSync({ status: liveStatus(A) }), 'the gate is missing'],
    [
      'its approval was withdrawn',
      approvedRSync(liveStatus(A), 0, {
        annotations: { ...textsOf(approvedRSync(idle)), approved: '' },
      }),
      'its approval was withdrawn',
    ],
  ])('Unguarded says why: %s', (_, rsync, why) => {
    const { observation } = decide(decisionInput(rsync, unsigned));
    expect(observation.phase).toBe('Unguarded');
    expect(observation.message).toContain(why);
  });

  it.each([
    ['no digest', 'incident 42', true],
    ['a digest that is none', `sha256:abc incident`, true],
    ['nothing', '', true],
    ['a digest', `${B} incident 42`, false],
    ['a chart and its version', 'r.example/charts/shop:1.2.3 incident', false],
  ])('says that break-glass has no effect where it names %s: %s', (_, breakGlass, without) => {
    const { observation } = decide(
      decisionInput(buildRSync({ annotations: { breakGlass } }), unsigned),
    );
    expect(observation.message.includes('has no effect')).toBe(without);
  });

  it("gives Config Sync's own error", () => {
    const { observation } = decide(decisionInput(approvedRSync(syncError), verified));
    expect(observation.errors).toEqual([{ code: '2010', message: 'x' }]);
  });
});

describe('a refusal of what broken glass admits', () => {
  const refused = sourceError(liveStatus(B), C, '2002');
  const glass = approvedRSync(refused, 60 * MINUTE, {
    annotations: {
      ...textsOf(approvedRSync(refused, 60 * MINUTE)),
      breakGlass: `${C} incident`,
    },
  });
  const before = (phase: Phase, minutes: number): PhaseRecord => ({
    phase,
    digest: C,
    approved: A,
    since: new Date(NOW.getTime() - minutes * MINUTE).toISOString(),
  });

  it.each<[string, PhaseRecord, Phase, readonly string[]]>([
    ['is of before it, when first seen', before('Pending', 30), 'Approved', []],
    ['may end for as long as after an approval', before('Approved', 1), 'Approved', []],
    ['is reported after that', before('Approved', 3), 'Blocked', ['blocked']],
    ['stays reported', before('Blocked', 1), 'Blocked', []],
  ])('%s', (_, previous, phase, events) => {
    const { observation, transition } = decide(
      decisionInput(glass, followed(C, UNSIGNED), { previous }),
    );
    expect(observation.phase).toBe(phase);
    expect(transition.events).toEqual(events);
  });
});

describe('an approval that Config Sync does not take up', () => {
  const old = sourceError(idle, undefined, '2004', '2026-11-22T05:00:00Z');
  const since = (minutes: number): string =>
    new Date(NOW.getTime() - minutes * MINUTE).toISOString();
  const waiting = (minutes: number): PhaseRecord => ({
    phase: 'Approved',
    digest: A,
    approved: A,
    since: since(minutes),
  });

  it.each<[string, Phase, PhaseRecord | undefined, string | undefined, string | undefined]>([
    ['within sweep.liveAfter', 'Approved', waiting(10), undefined, undefined],
    ['after it', 'Stalled', waiting(10.1), undefined, undefined],
    ['where nothing is remembered of it', 'Approved', undefined, undefined, undefined],
    ['since its cluster came into reach', 'Approved', waiting(60), since(5), undefined],
    ['long after its cluster came into reach', 'Stalled', waiting(60), since(11), undefined],
    ['beside the time between two polls', 'Approved', waiting(60), undefined, '1h'],
    ['beside the time between two polls, too', 'Stalled', waiting(71), undefined, '1h'],
  ])('%s: %s', (_, phase, previous, reachableSince, period) => {
    const source = {
      ...ociSource(IMAGE),
      ...(period === undefined ? {} : { periodMs: 60 * MINUTE }),
    };
    const rsync = approvedRSync(old, 20 * MINUTE, { source });
    const input = decisionInput(rsync, verified, {
      previous,
      ...(reachableSince === undefined ? {} : { reachableSince }),
    });
    const { observation, transition } = decide(input);
    expect(observation.phase).toBe(phase);
    expect(transition.events.includes('stalled')).toBe(phase === 'Stalled');
  });

  it('is reported once with what Config Sync last said, and ended once it is live', () => {
    const first = decide(decisionInput(approvedRSync(old), verified, { previous: waiting(11) }));
    expect(first.observation.errors.map(({ code }) => code)).toEqual(['2004']);
    const { record } = first.transition;
    const later = { previous: record, now: new Date(NOW.getTime() + 60 * MINUTE) };
    for (const minutes of [1, 9, 60]) {
      const at = { previous: record, now: new Date(NOW.getTime() + minutes * MINUTE) };
      const { transition, observation } = decide(decisionInput(approvedRSync(old), verified, at));
      expect(transition).toEqual({ record, events: [] });
      expect(observation.message).toContain(`not live since ${since(10)}`);
    }
    const live = decide(decisionInput(approvedRSync(liveStatus(A)), verified, later));
    expect(live.transition.events).toEqual(['recovered', 'synced']);
  });
});

describe('a pull that failed, of what broken glass admits', () => {
  const minutesAgo = (minutes: number): string =>
    new Date(NOW.getTime() - minutes * MINUTE).toISOString();
  const failed = sourceError(idle, undefined, '2004', minutesAgo(5));
  const glass = {
    annotations: { ...textsOf(approvedRSync(failed, 60 * MINUTE)), breakGlass: `${C} incident` },
  };
  const was = (phase: Phase, minutes: number, digest?: string): PhaseRecord => ({
    phase,
    since: minutesAgo(minutes),
    ...(digest === undefined ? {} : { digest }),
  });

  it.each<[string, Phase, PhaseRecord | undefined]>([
    ['before it', 'Approved', was('Pending', 6, C)],
    ['after it', 'Failed', was('Approved', 6, C)],
    ['and was reported of it', 'Failed', was('Failed', 4, C)],
    ['where nothing is remembered', 'Approved', undefined],
  ])('%s: %s', (_, phase, previous) => {
    const rsync = approvedRSync(failed, 60 * MINUTE, glass);
    const input = decisionInput(rsync, followed(C, UNSIGNED), { previous });
    expect(decide(input).observation.phase).toBe(phase);
  });
});
