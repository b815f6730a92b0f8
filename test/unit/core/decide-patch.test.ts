import { describe, expect, it } from 'vitest';
import { APPROVED, RECEIPT, IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import { decide } from '#shared/core/decide.ts';
import { needsFreshResolution } from '#shared/core/decision-input.ts';
import { type Receipt, formatReceipt } from '#shared/core/receipt.ts';
import { parseReference } from '#shared/core/reference.ts';
import {
  OTHER_POLICY,
  POLICY,
  RESOLVED_AT,
  RULE,
  UNSIGNED,
  UNTRUSTED,
  VERIFIED,
  decisionInput,
  followed,
  resolvedTo,
} from '#test/fixtures/decision.ts';
import { A, B, C, D } from '#test/fixtures/digests.ts';
import {
  IMAGE,
  applyPatch,
  buildRSync,
  helmSource,
  liveStatus,
  ociSource,
} from '#test/fixtures/rsync.ts';

function receipt(overrides: Partial<Receipt> = {}): string {
  return formatReceipt({
    image: IMAGE,
    digest: A,
    verdict: 'verified',
    authorities: ['release-key'],
    policy: POLICY,
    resolvedAt: '2026-11-22T05:00:00Z',
    approvedAt: '2026-11-22T05:00:01Z',
    enforcement: 'digest',
    reason: 'push',
    ...overrides,
  });
}

describe('decide() approves', () => {
  it('a verified digest with approval, receipt and announcement in one patch', () => {
    const target = followed(A, VERIFIED, {
      resolution: resolvedTo(A, { image: { status: 'resolved', digest: A, index: B } }),
    });
    const { patch } = decide(
      decisionInput(buildRSync(), target, { reason: 'resync', actor: 'ops@acme.example' }),
    );
    expect(patch?.image).toBeUndefined();
    expect(patch?.annotations).toEqual({
      [APPROVED]: A,
      [RECEIPT]: expect.any(String),
      [IMAGE_TO_SYNC]: `${IMAGE}@${A}`,
    });
    expect(JSON.parse(patch?.annotations[RECEIPT] ?? '')).toEqual({
      image: IMAGE,
      digest: A,
      index: B,
      verdict: 'verified',
      authorities: ['release-key'],
      policy: POLICY,
      resolvedAt: RESOLVED_AT,
      approvedAt: '2026-11-22T06:00:00Z',
      enforcement: 'digest',
      reason: 'resync',
      actor: 'ops@acme.example',
    });
  });

  it('nothing when everything is in place', () => {
    const rsync = buildRSync({ annotations: { approved: A, receipt: receipt() } });
    expect(decide(decisionInput(rsync, followed(A, VERIFIED))).patch).toBeUndefined();
  });

  it.each([
    ['no receipt', undefined],
    ['a receipt that is none', 'gone'],
    ['a receipt of another digest', receipt({ digest: B, resolvedAt: '2026-11-22T04:00:00Z' })],
    [
      'a receipt of another image',
      receipt({ image: 'us-docker.pkg.dev/acme/configs/platform:v0' }),
    ],
    ['a receipt of another policy', receipt({ policy: OTHER_POLICY })],
  ])('again where there is %s', (_, value) => {
    const annotations = value === undefined ? { approved: A } : { approved: A, receipt: value };
    const { patch } = decide(decisionInput(buildRSync({ annotations }), followed(A, VERIFIED)));
    expect(patch?.annotations[APPROVED]).toBe(A);
    expect(patch?.annotations).not.toHaveProperty([IMAGE_TO_SYNC]);
  });

  it('and keeps what is live and two before it', () => {
    const rsync = buildRSync({
      annotations: { approved: `${A} ${B} ${C}`, receipt: receipt() },
      status: liveStatus(A),
    });
    const { patch } = decide(decisionInput(rsync, followed(D, VERIFIED)));
    expect(patch?.annotations[APPROVED]).toBe(`${D} ${A} ${B} ${C}`);
  });

  it('what is live beside it, where that verifies too', () => {
    const rsync = buildRSync({ status: liveStatus(B) });
    const others = new Map([[B, VERIFIED]]);
    const { patch } = decide(decisionInput(rsync, followed(A, VERIFIED, { others })));
    expect(patch?.annotations[APPROVED]).toBe(`${A} ${B}`);
  });

  it('what is live only where it verifies', () => {
    const rsync = buildRSync({ status: liveStatus(B) });
    const others = new Map([[B, UNSIGNED]]);
    const { patch } = decide(decisionInput(rsync, followed(A, VERIFIED, { others })));
    expect(patch?.annotations[APPROVED]).toBe(A);
  });

  it('none of the digests of another repository', () => {
    const image = 'us-docker.pkg.dev/acme/configs/shop:v1';
    const rsync = buildRSync({
      source: ociSource(image),
      annotations: { approved: `${A} ${B}`, receipt: receipt() },
      status: liveStatus(A),
    });
    const { patch } = decide(decisionInput(rsync, followed(C, VERIFIED, { image })));
    expect(patch?.annotations[APPROVED]).toBe(C);
  });

  it('a Helm chart by its version, enforced as far as that goes', () => {
    const source = helmSource('1.2.3');
    const reference = 'us-docker.pkg.dev/acme/charts/shop:1.2.3';
    const target = followed(A, VERIFIED, { image: reference });
    const { patch } = decide(decisionInput(buildRSync({ source }), target));
    expect(patch?.annotations[APPROVED]).toBe(reference);
    expect(JSON.parse(patch?.annotations[RECEIPT] ?? '')).toMatchObject({
      digest: A,
      enforcement: 'version',
    });
    expect(patch?.annotations).not.toHaveProperty([IMAGE_TO_SYNC]);
  });
});

describe('decide() announces image-to-sync', () => {
  it.each([
    ['over nothing', undefined, true],
    ['over a digest that stays approved', `${IMAGE}@${B}`, true],
    ['not over a digest that was not approved', `${IMAGE}@${C}`, false],
    ['not over what it cannot read', 'junk', false],
    ['not when Config Sync wrote it already', `${IMAGE}@${A}`, false],
  ])('%s', (_, imageToSync, announced) => {
    const annotations = {
      approved: B,
      receipt: receipt({ digest: B }),
      ...(imageToSync === undefined ? {} : { imageToSync }),
    };
    const { patch } = decide(decisionInput(buildRSync({ annotations }), followed(A, VERIFIED)));
    expect(patch?.annotations[APPROVED]).toBe(`${A} ${B}`);
    expect(patch?.annotations[IMAGE_TO_SYNC]).toBe(announced ? `${IMAGE}@${A}` : undefined);
  });

  it("not on an object that Config Sync's own webhook guards", () => {
    const { patch } = decide(decisionInput(buildRSync({ declared: true }), followed(A, VERIFIED)));
    expect(Object.keys(patch?.annotations ?? {})).toEqual([APPROVED, RECEIPT]);
    expect(JSON.parse(patch?.annotations[RECEIPT] ?? '')).toMatchObject({ announced: false });
  });
});

describe('decide() pins', () => {
  const rule = { ...RULE, effect: 'pin' as const };

  it('the digest beside the tag as written', () => {
    const { patch } = decide(decisionInput(buildRSync(), followed(A, VERIFIED, { rule })));
    expect(patch?.image).toBe(`${IMAGE}@${A}`);
    expect(patch?.annotations[IMAGE_TO_SYNC]).toBe(`${IMAGE}@${A}@${A}`);
  });

  it('nothing when the digest is there', () => {
    const rsync = buildRSync({
      source: ociSource(`${IMAGE}@${A}`),
      annotations: { approved: A, receipt: receipt() },
    });
    expect(decide(decisionInput(rsync, followed(A, VERIFIED, { rule }))).patch).toBeUndefined();
  });

  it('not what is unsigned', () => {
    expect(
      decide(decisionInput(buildRSync(), followed(A, UNSIGNED, { rule }))).patch,
    ).toBeUndefined();
  });
});

describe('decide() never approves', () => {
  it.each([
    ['unsigned', followed(A, UNSIGNED)],
    ['untrusted', followed(A, UNTRUSTED)],
    ['unusable', followed(A, { status: 'unusable', reason: 'tag-absent', message: 'No such tag' })],
    ['not followed', undefined],
  ])('what is %s', (_, target) => {
    expect(decide(decisionInput(buildRSync(), target)).patch).toBeUndefined();
  });

  it('an RSync that is being deleted', () => {
    const rsync = buildRSync({ deleting: true });
    expect(decide(decisionInput(rsync, followed(A, VERIFIED))).patch).toBeUndefined();
  });

  it('a digest that an approval replaced before, where the config denies downgrades', () => {
    const rsync = buildRSync({
      annotations: { approved: `${B} ${A}`, receipt: receipt({ digest: B }) },
    });
    const target = (downgrade: 'allow' | 'warn' | 'deny') =>
      decide(decisionInput(rsync, followed(A, VERIFIED, { rule: { ...RULE, downgrade } })));
    expect(target('deny').patch).toBeUndefined();
    expect(target('deny').observation.phase).toBe('Rejected');
    expect(target('warn')).toMatchObject({ downgrade: true, approved: [A, B] });
    expect(target('allow')).toMatchObject({ downgrade: false, approved: [A, B] });
  });

  it('and calls nothing a downgrade where what replaced it is withdrawn', () => {
    const rsync = buildRSync({
      annotations: { approved: `${B} ${A}`, receipt: receipt({ digest: B, policy: OTHER_POLICY }) },
    });
    const rule = { ...RULE, downgrade: 'deny' } as const;
    const others = new Map([[B, UNSIGNED]]);
    const decision = decide(decisionInput(rsync, followed(A, VERIFIED, { rule, others })));
    expect(decision).toMatchObject({ downgrade: false, approved: [A] });
    expect(JSON.parse(decision.patch?.annotations[RECEIPT] ?? '')).toMatchObject({ digest: A });
  });
});

describe('decide() goes never back (law 4)', () => {
  const newer = buildRSync({
    annotations: { approved: B, receipt: receipt({ digest: B, resolvedAt: RESOLVED_AT }) },
  });

  it('holds a resolution that is not newer than the approval in place', () => {
    const target = followed(A, VERIFIED);
    expect(needsFreshResolution(newer, resolvedTo(A))).toBe(true);
    const { patch, transition } = decide(decisionInput(newer, target));
    expect(patch).toBeUndefined();
    expect(transition.events).toEqual([]);
  });

  it.each([
    ['one that was made afresh', resolvedTo(A, { fresh: true })],
    ['one that is a second newer', resolvedTo(A, { resolvedAt: '2026-11-22T05:59:59Z' })],
  ])('takes %s', (_, resolution) => {
    expect(needsFreshResolution(newer, resolution)).toBe(false);
    const { patch } = decide(decisionInput(newer, followed(A, VERIFIED, { resolution })));
    expect(patch?.annotations[APPROVED]).toBe(`${A} ${B}`);
  });

  it('needs nothing afresh when the digests agree', () => {
    expect(needsFreshResolution(newer, resolvedTo(B))).toBe(false);
  });
});

describe('decide() withdraws', () => {
  const annotations = { approved: `${A} ${B}`, receipt: receipt({ policy: OTHER_POLICY }) };

  it.each([
    ['the newest', UNTRUSTED, VERIFIED, B],
    ['the one before', VERIFIED, UNSIGNED, A],
    ['all: the empty string, never a missing annotation', UNSIGNED, UNSIGNED, ''],
  ])('%s when the policy changed and it no longer verifies', (_, first, second, left) => {
    const target = followed(A, first, { others: new Map([[B, second]]) });
    const { patch } = decide(decisionInput(buildRSync({ annotations }), target));
    expect(patch?.annotations[APPROVED]).toBe(left);
  });

  it('nothing while the brake holds', () => {
    const target = followed(A, UNSIGNED, { others: new Map([[B, UNSIGNED]]) });
    const settings = {
      blockedAfterMs: 1,
      deletingAfterMs: 1,
      liveAfterMs: 600_000,
      withdraw: false,
    };
    const { patch } = decide(decisionInput(buildRSync({ annotations }), target, { settings }));
    expect(patch).toBeUndefined();
  });

  it('nothing when only the signature vanished', () => {
    const rsync = buildRSync({ annotations: { approved: A, receipt: receipt() } });
    expect(decide(decisionInput(rsync, followed(A, UNSIGNED))).patch).toBeUndefined();
  });

  it('what is left alone once withdrawn', () => {
    const target = followed(A, UNSIGNED, { others: new Map([[B, VERIFIED]]) });
    const first = buildRSync({ annotations });
    const second = applyPatch(first, decide(decisionInput(first, target)).patch);
    expect(decide(decisionInput(second, target)).patch).toBeUndefined();
  });
});

describe('targets under other forms', () => {
  it('approves a digest-pinned image by its digest', () => {
    const image = `us-docker.pkg.dev/acme/configs/platform@${A}`;
    const rsync = buildRSync({ source: ociSource(image) });
    const { patch } = decide(decisionInput(rsync, followed(A, VERIFIED, { image })));
    expect(parseReference(image).digest).toBe(A);
    expect(patch?.annotations[APPROVED]).toBe(A);
    expect(patch?.annotations[IMAGE_TO_SYNC]).toBe(`${image}@${A}`);
  });
});
