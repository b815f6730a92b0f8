import { describe, expect, it } from 'vitest';
import { APPROVED, RECEIPT, IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import { decide } from '#shared/core/decide.ts';
import type { DecisionInput, Followed } from '#shared/core/decision-input.ts';
import type { Digest } from '#shared/core/digest.ts';
import { parseReceipt } from '#shared/configsync/read-rsync.ts';
import { parseReference } from '#shared/core/reference.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { targetOf } from '#shared/core/target.ts';
import { RULE, VERIFIED, decisionInput, followed, resolvedTo } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import {
  IMAGE,
  applyPatch,
  buildRSync,
  helmSource,
  liveStatus,
  ociSource,
  sourceError,
} from '#test/fixtures/rsync.ts';

const REPOSITORY = 'us-docker.pkg.dev/acme/configs/platform';
const PIN = { ...RULE, effect: 'pin' } as const;
const TRACKED = { ...PIN, match: 'us-docker.pkg.dev/acme/charts/**', track: 'stable' } as const;

/** The target of an OCI RSync under `pin`, found as a reconcile finds it. */
function toward(rsync: RSync, digest: Digest, rule = PIN): Followed {
  const target = targetOf(rsync.source, rule, parseReceipt(rsync.annotations.receipt.text));
  if (target?.status !== 'follow') throw new Error('No target');
  const { repository, tag } = target.reference;
  const resolution = resolvedTo(digest, { fresh: true });
  return followed(digest, VERIFIED, { rule, resolution, image: `${repository}:${tag}` });
}

function look(rsync: RSync, digest: Digest, rest: Partial<DecisionInput> = {}) {
  return decide(decisionInput(rsync, toward(rsync, digest), rest));
}

/** The same RSync with its image as another writer wants it. */
function putBack(rsync: RSync, image: string): RSync {
  return { ...rsync, source: ociSource(image), generation: rsync.generation + 1 };
}

describe('effect: pin', () => {
  it.each([
    [IMAGE, `${IMAGE}@${A}`],
    [`${IMAGE}@${B}`, `${IMAGE}@${A}`],
    [REPOSITORY, `${REPOSITORY}@${A}`],
  ])('pins %s once, with its approval, and leaves it', (image, pinned) => {
    const first = buildRSync({ source: ociSource(image) });
    const { patch, approved } = look(first, A);
    expect(patch?.image).toBe(pinned);
    expect(patch?.annotations[APPROVED]).toBe(A);
    expect(patch?.annotations[IMAGE_TO_SYNC]).toBe(`${pinned}@${A}`);
    expect(JSON.parse(patch?.annotations[RECEIPT] ?? '')).toMatchObject({ pin: 'written' });
    const after = applyPatch(first, patch);
    expect(look(after, A)).toMatchObject({ approved });
    expect(look(after, A).patch).toBeUndefined();
  });

  it('goes on following latest where the image had no tag', () => {
    const first = buildRSync({ source: ociSource(REPOSITORY) });
    const after = applyPatch(first, look(first, A).patch);
    const target = toward(after, B);
    expect(target.resolved?.reference.tag).toBe('latest');
    const { patch } = decide(decisionInput(after, target));
    expect(patch?.image).toBe(`${REPOSITORY}@${B}`);
  });

  it.each([
    ['a person', `${REPOSITORY}@${A}`, undefined],
    ['another writer after us', `${REPOSITORY}@${B}`, 'written'],
  ])('follows no tag that was not named: pinned by %s', (_, image, pin) => {
    const receipt = JSON.stringify({
      image: `${REPOSITORY}:latest`,
      digest: A,
      policy: 'p',
      resolvedAt: '2026-11-22T05:00:00Z',
      approvedAt: '2026-11-22T05:00:00Z',
      pin,
    });
    const target = targetOf(ociSource(image), PIN, parseReceipt(receipt));
    expect(target).toEqual({ status: 'follow', reference: parseReference(image) });
  });

  it('is not live before the new spec was observed', () => {
    const { observation } = look(buildRSync({ status: liveStatus(A) }), A);
    expect(observation.phase).toBe('Approved');
  });
});

describe('a pin that is put back', () => {
  const first = buildRSync({ declared: true, manager: 'RootSync/root-sync' });
  const pinned = applyPatch(first, look(first, A).patch);
  const reverted = putBack(pinned, IMAGE);

  it('is said once, naming who declares it, and not fought over', () => {
    const seen = look(reverted, A, { previous: look(first, A).transition.record });
    expect(seen.patch).toBeUndefined();
    expect(seen.observation).toMatchObject({ phase: 'Blocked', digest: A });
    expect(seen.observation.message).toContain('RootSync/root-sync declares it');
    expect(seen.transition.events).toEqual(['blocked']);
    const again = look(reverted, A, { previous: seen.transition.record });
    expect([again.patch, again.transition.events]).toEqual([undefined, []]);
  });

  it('stays blocked while it is live by its tag', () => {
    const live = { ...reverted, status: { ...liveStatus(A), observedGeneration: 3 } };
    const { observation } = look(live, A);
    expect(observation).toMatchObject({ phase: 'Blocked' });
    expect(observation.message).toContain('live by its tag');
  });

  it('gives way to what Config Sync reports of the digest', () => {
    const failing = sourceError(liveStatus(A), A, '1021', '2026-11-22T06:10:00Z');
    expect(look({ ...reverted, status: failing }, A).observation.phase).toBe('Failed');
  });

  it.each([
    ['its tag moves', B, {}],
    ['a person asks for it', A, { reason: 'resync' }],
  ] as const)('is tried again when %s', (_, digest, rest) => {
    expect(look(reverted, digest, rest).patch?.image).toBe(`${IMAGE}@${digest}`);
  });

  it('is tried again when another tag is asked for', () => {
    const other = putBack(pinned, `${REPOSITORY}:v2`);
    expect(look(other, A).patch?.image).toBe(`${REPOSITORY}:v2@${A}`);
  });

  it('is remembered across a changed policy, and recovers once it is in place', () => {
    const policy = 'sha256:policy-2';
    const target = { ...toward(reverted, A), policy };
    const { patch } = decide(decisionInput(reverted, target));
    expect(patch).toMatchObject({ annotations: { [APPROVED]: A } });
    expect(patch?.image).toBeUndefined();
    const after = applyPatch(reverted, patch);
    const blocked = decide(decisionInput(after, target));
    expect(blocked.observation.phase).toBe('Blocked');
    const inPlace = {
      ...putBack(after, `${IMAGE}@${A}`),
      status: { ...liveStatus(A, `${IMAGE}@${A}`), observedGeneration: 4 },
    };
    const healed = decide(decisionInput(inPlace, target, { previous: blocked.transition.record }));
    expect(healed.transition.events).toEqual(['recovered', 'synced']);
  });
});

describe('a pin that the cluster refuses', () => {
  it('leaves the approval, says so, and is not tried again', () => {
    const first = buildRSync({ declared: true });
    const { patch, observation } = look(first, A, { bare: true });
    expect(patch?.image).toBeUndefined();
    expect(JSON.parse(patch?.annotations[RECEIPT] ?? '')).toMatchObject({
      announced: false,
      pin: 'refused',
    });
    expect(observation).toMatchObject({ phase: 'Blocked' });
    expect(observation.message).toContain('refused to let spec.oci.image be pinned');
    const after = applyPatch(first, patch);
    expect(look(after, A).patch).toBeUndefined();
    expect(look(after, B).patch?.image).toBe(`${IMAGE}@${B}`);
  });
});

describe('a chart under effect: pin', () => {
  const chart = (version: string | undefined) => {
    const image = {
      status: 'resolved',
      digest: A,
      ...(version === undefined ? {} : { version }),
    } as const;
    return followed(A, VERIFIED, {
      rule: TRACKED,
      resolution: resolvedTo(A, { image }),
      image: 'us-docker.pkg.dev/acme/charts/shop:stable',
    });
  };

  it('is moved to the version behind the tag, once', () => {
    const first = buildRSync({ source: helmSource('1.2.3') });
    const { patch } = decide(decisionInput(first, chart('1.3.0')));
    expect(patch).toMatchObject({
      version: '1.3.0',
      annotations: { [APPROVED]: 'us-docker.pkg.dev/acme/charts/shop:1.3.0' },
    });
    const after = applyPatch(first, patch);
    expect(decide(decisionInput(after, chart('1.3.0'))).patch).toBeUndefined();
  });

  it('is held when its version is put back', () => {
    const first = buildRSync({ source: helmSource('1.2.3') });
    const { patch } = decide(decisionInput(first, chart('1.3.0')));
    const reverted = { ...applyPatch(first, patch), source: helmSource('1.2.3') };
    const seen = decide(decisionInput(reverted, chart('1.3.0')));
    expect(seen.patch).toBeUndefined();
    expect(seen.observation).toMatchObject({ phase: 'Blocked' });
  });
});

describe('targetOf() a chart', () => {
  const stable = 'us-docker.pkg.dev/acme/charts/shop:stable';
  const unversioned = { ...helmSource('1.2.3'), version: '' };

  it.each([
    [
      'the tag that is tracked',
      helmSource('1.2.3'),
      TRACKED,
      { reference: parseReference(stable), chart: true },
    ],
    [
      'that tag over latest',
      helmSource('latest'),
      TRACKED,
      { reference: parseReference(stable), chart: true },
    ],
    [
      'its version where nothing is tracked',
      helmSource('1.2.3'),
      PIN,
      { reference: parseReference('us-docker.pkg.dev/acme/charts/shop:1.2.3') },
    ],
    ['its version under gate', helmSource('1.2.3'), { ...TRACKED, effect: 'gate' } as const, {}],
  ])('is %s', (_, source, rule, expected) => {
    expect(targetOf(source, rule)).toMatchObject({ status: 'follow', ...expected });
  });

  it.each([
    ['latest', helmSource('latest'), RULE],
    ['a range', { ...helmSource('1.2.3'), version: '~1.2' }, RULE],
    ['a partial version', helmSource('1.2'), RULE],
    ['no version at all', unversioned, RULE],
    ['no version that could be replaced', unversioned, TRACKED],
  ])('is unusable with %s', (_, source, rule) => {
    expect(targetOf(source, rule)).toMatchObject({
      status: 'unusable',
      reason: 'version-not-static',
    });
  });
});
