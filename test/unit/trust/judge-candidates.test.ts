import { setImmediate as nextTurn } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { type AuthorityCheck, type Candidate, refuse } from '#shared/trust/candidate.ts';
import { judgeCandidates } from '#shared/trust/judge-candidates.ts';
import { digestOf } from '#test/fakes/memory-registry.ts';

const digest = digestOf(Buffer.from('image'));
const policy = { require: 1, allowUnsigned: false, attestations: [] };

/** Evidence whose signature is the signer's name. */
function signedBy(name: string): Candidate {
  return {
    source: digest,
    format: 'legacy',
    subject: digest,
    signedBytes: Buffer.alloc(0),
    payload: Buffer.alloc(0),
    proof: { form: 'annotations', annotations: {} },
    signature: Buffer.from(name),
    material: { type: 'unnamed' },
    claims: [{}],
  };
}

/** An attestation of a type that no rule asks for. */
function attestationBy(name: string): Candidate {
  const attestation = { predicateType: 'https://spdx.dev/Document', predicate: {} };
  return { ...signedBy(name), attestation };
}

function authority(name: string, principal = name): AuthorityCheck {
  return {
    name,
    check: ({ signature }) =>
      signature.toString() === principal ? { identity: principal } : refuse('wrong-key', 'No'),
  };
}

const attestation: Candidate = {
  source: digest,
  format: 'bundle',
  ...refuse('no-matching-predicate', 'Attestation'),
};

describe('judgeCandidates()', () => {
  it('names the authorities that verified in the order of the policy', async () => {
    const found = [signedBy('b'), signedBy('x'), signedBy('a')];
    const verdict = await judgeCandidates(
      found,
      [authority('a'), authority('c'), authority('b')],
      policy,
    );
    expect(verdict).toMatchObject({ status: 'verified', authorities: ['a', 'b'] });
  });

  it('has one outcome for each candidate and authority, and one where none looked', async () => {
    const verdict = await judgeCandidates(
      [signedBy('a'), attestation],
      [authority('a'), authority('b')],
      policy,
    );
    expect(verdict).toMatchObject({
      candidates: [
        { authority: 'a', identity: 'a' },
        { authority: 'b', reason: 'wrong-key' },
        { format: 'bundle', reason: 'no-matching-predicate' },
      ],
    });
  });

  it.each([
    [1, 'verified'],
    [2, 'verified'],
    [3, 'incomplete'],
  ])('requires %i distinct authorities of two: %s', async (require, status) => {
    const found = [signedBy('a'), signedBy('a'), signedBy('b')];
    const authorities = [authority('a'), authority('b'), authority('c')];
    await expect(
      judgeCandidates(found, authorities, { ...policy, require }),
    ).resolves.toMatchObject({
      status,
    });
  });

  it('counts one signer once whatever the names of its rules', async () => {
    const authorities = [authority('a'), authority('also a', 'a')];
    await expect(
      judgeCandidates([signedBy('a')], authorities, { ...policy, require: 2 }),
    ).resolves.toMatchObject({
      status: 'incomplete',
      candidates: [{ authority: 'a' }, { authority: 'also a', reason: 'wrong-key' }],
    });
  });

  // Each authority with the signers that fit it, each signature by one signer.
  it.each([
    ['two rules, one signer', { a: 'x', b: 'x' }, 'x', ['a']],
    ['two rules, two signers that fit both', { a: 'xy', b: 'xy' }, 'xy', ['a', 'b']],
    ['the wider rule first', { wide: 'xy', exact: 'x' }, 'xy', ['wide', 'exact']],
    [
      'the wider rule first, its signer needed elsewhere',
      { wide: 'xy', exact: 'x' },
      'x',
      ['wide'],
    ],
    ['a chain of three', { a: 'xy', b: 'yz', c: 'x' }, 'xyz', ['a', 'b', 'c']],
    ['three rules, two signers', { a: 'xy', b: 'xy', c: 'xy' }, 'xy', ['a', 'b']],
    ['the first two of three share one', { a: 'x', b: 'x', c: 'xy' }, 'xy', ['a', 'c']],
  ] as const)('counts signers, not rules: %s', async (_, rules, signers, expected) => {
    const fits = Object.entries(rules).map(
      ([name, those]): AuthorityCheck => ({
        name,
        check: ({ signature }) =>
          those.includes(signature.toString())
            ? { identity: signature.toString(), signer: [signature.toString()] }
            : refuse('wrong-key', 'No'),
      }),
    );
    const each = signers.split('');
    for (const found of [each, each.toReversed()]) {
      const candidates = [...found, ...found].map(signedBy);
      const { length } = expected;
      const enough = await judgeCandidates(candidates, fits, { ...policy, require: length });
      expect(enough).toMatchObject({ status: 'verified', authorities: expected });
      const more = await judgeCandidates(candidates, fits, { ...policy, require: length + 1 });
      expect(more.status).toBe('incomplete');
    }
  });

  it('counts two names of one signer once, whichever signature joins them', async () => {
    const names: Record<string, readonly string[]> = {
      key: ['key k'],
      leaf: ['identity i', 'key k'],
      other: ['identity i', 'key other'],
    };
    const fits = Object.keys(names).map(
      (name): AuthorityCheck => ({
        name,
        check: ({ signature }) =>
          signature.toString() === name
            ? { identity: name, signer: names[name] ?? [] }
            : refuse('wrong-key', 'No'),
      }),
    );
    const all = ['key', 'other', 'leaf'].map(signedBy);
    await expect(judgeCandidates(all, fits, { ...policy, require: 2 })).resolves.toMatchObject({
      status: 'incomplete',
      candidates: expect.arrayContaining([
        expect.objectContaining({ authority: 'leaf', reason: 'wrong-key' }),
      ]),
    });
    const apart = ['key', 'other'].map(signedBy);
    await expect(judgeCandidates(apart, fits, { ...policy, require: 2 })).resolves.toMatchObject({
      status: 'verified',
    });
  });

  it.each([
    ['nothing was found', [], 'verified'],
    ['only an attestation was found', [attestation], 'verified'],
    ['a signature is wrong', [signedBy('x')], 'untrusted'],
    ['a wrong one is beside an attestation', [attestation, signedBy('x')], 'untrusted'],
  ] as const)('with unsigned images allowed, when %s: %s', async (_, found, status) => {
    const verdict = await judgeCandidates(found, [authority('a')], {
      ...policy,
      allowUnsigned: true,
    });
    expect(verdict.status).toBe(status);
    expect('allowedUnsigned' in verdict).toBe(status === 'verified');
  });

  it.each([
    ['a signature of one of two', [signedBy('a')], 'incomplete', ['a signature of authority "b"']],
    ['an attestation that is not asked for', [attestation], 'unsigned', undefined],
    ['one beside a good signature', [signedBy('a'), attestation], 'incomplete', undefined],
    [
      "a stranger's signature beside a good one",
      [signedBy('a'), signedBy('x')],
      'untrusted',
      undefined,
    ],
    [
      "a stranger's attestation beside a good signature",
      [signedBy('a'), attestationBy('x')],
      'incomplete',
      undefined,
    ],
    ["a stranger's signature alone", [signedBy('x')], 'untrusted', undefined],
    ["a stranger's attestation alone", [attestationBy('x')], 'unsigned', undefined],
  ] as const)(
    'of a policy that asks for two signatures, calls %s %s',
    async (_, found, status, missing) => {
      const verdict = await judgeCandidates(found, [authority('a'), authority('b')], {
        ...policy,
        require: 2,
      });
      expect(verdict).toMatchObject(missing === undefined ? { status } : { status, missing });
    },
  );

  it('counts two signers of one name once', async () => {
    const same = [authority('a', 'one'), authority('a', 'two')];
    for (const found of [[signedBy('one')], [signedBy('one'), signedBy('two')]]) {
      const verdict = await judgeCandidates(found, same, { ...policy, require: 2 });
      expect(verdict.status).toBe('incomplete');
    }
  });

  it('does not call a good signature unsigned because unsigned images are allowed', async () => {
    const verdict = await judgeCandidates([signedBy('a')], [authority('a')], {
      ...policy,
      allowUnsigned: true,
    });
    expect(verdict).not.toHaveProperty('allowedUnsigned');
    expect(verdict).toMatchObject({ status: 'verified', authorities: ['a'] });
  });

  it('lets others run between the checks of many candidates', async () => {
    let turns = 0;
    const stop = new AbortController();
    const counting = (async () => {
      for (; !stop.signal.aborted; turns++) await nextTurn();
    })();
    const junk = Array.from({ length: 320 }, () => signedBy('x'));
    await judgeCandidates(junk, [authority('a')], policy);
    stop.abort();
    await counting;
    expect(turns).toBeGreaterThanOrEqual(10);
  });
});
