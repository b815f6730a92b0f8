import { beforeEach, describe, expect, it } from 'vitest';

import type { AttestationRule, TrustPolicy } from '#shared/core/policy.ts';
import { reasonsOf } from '#shared/core/verdict.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import {
  attestationOf,
  attestBundle,
  attestLegacy,
  attestReferrer,
  createSigningKey,
  keyPolicy,
  signBundle,
  signLegacy,
} from '#test/fakes/cosign.ts';
import {
  createMemoryRegistry,
  digestOf,
  type MemoryRegistry,
} from '#test/fakes/memory-registry.ts';

const REPOSITORY = 'registry.example/configs/platform';
const CHILD = digestOf(Buffer.from('child'));
const INDEX = digestOf(Buffer.from('index'));
const SLSA = 'https://slsa.dev/provenance/v1';
const SBOM = 'https://spdx.dev/Document';
const release = createSigningKey();
const builder = createSigningKey();
const stranger = createSigningKey();

let registry: MemoryRegistry;

beforeEach(() => {
  registry = createMemoryRegistry();
});

function requiring(where: AttestationRule['where'] = {}, parts: Partial<TrustPolicy> = {}) {
  return keyPolicy([release], { attestations: [{ predicateType: SLSA, where }], ...parts });
}

async function verify(policy: TrustPolicy, index?: typeof INDEX) {
  const verifier = createVerifier({ registry, keys: createKeyLoader(), now: () => 0 });
  const subject = { repository: REPOSITORY, digest: CHILD };
  return verifier.verify(index === undefined ? subject : { ...subject, index }, policy);
}

async function outcomeOf(policy: TrustPolicy, index?: typeof INDEX) {
  const verdict = await verify(policy, index);
  return [verdict.status, ...reasonsOf(verdict)];
}

const FORMS = [
  ['under the .att tag', attestLegacy],
  ['as a bundle', attestBundle],
  ['as a referrer of its own', attestReferrer],
] as const;

describe.each(FORMS)('an attestation %s', (_, attest) => {
  const provenance = attestationOf(CHILD, SLSA, { builder: { id: 'ci' } });

  it('is found when the policy asks for it, and the signature alone is not enough', async () => {
    signLegacy(registry, REPOSITORY, CHILD, release);
    await expect(outcomeOf(requiring())).resolves.toEqual(['incomplete', 'no-matching-predicate']);
    attest(registry, REPOSITORY, CHILD, release, provenance);
    const verdict = await verify(requiring({ 'builder.id': 'ci' }));
    expect(verdict).toMatchObject({ status: 'verified', authorities: ['key-1'] });
    expect(verdict).toHaveProperty(
      'candidates',
      expect.arrayContaining([
        expect.objectContaining({ predicateType: SLSA, identity: release.hint }),
      ]),
    );
  });

  it('counts as a signature where the policy takes it for one', async () => {
    const attested = requiring({ 'builder.id': 'ci' }, { signatures: 'attested' });
    attest(registry, REPOSITORY, CHILD, release, provenance);
    await expect(verify(attested)).resolves.toMatchObject({
      status: 'verified',
      authorities: ['key-1'],
    });
    await expect(outcomeOf(requiring())).resolves.toEqual(['incomplete', 'no-matching-predicate']);
  });

  it.each([
    ['another type', attestationOf(CHILD, SBOM, { builder: { id: 'ci' } }), release],
    ['another condition', attestationOf(CHILD, SLSA, { builder: { id: 'me' } }), release],
    ['a stranger', provenance, stranger],
    ['another digest', attestationOf(INDEX, SLSA, { builder: { id: 'ci' } }), release],
  ])('is no signature when it is of %s', async (__, statement, key) => {
    const attested = requiring({ 'builder.id': 'ci' }, { signatures: 'attested' });
    attest(registry, REPOSITORY, CHILD, key, statement);
    const asked = Object.values(statement).includes(SLSA);
    await expect(outcomeOf(attested)).resolves.toContain(asked ? 'untrusted' : 'unsigned');
  });

  it('counts each signer once among those that attested', async () => {
    const both = keyPolicy([release, builder], {
      signatures: 'attested',
      attestations: [{ predicateType: SLSA, where: {} }],
    });
    attest(registry, REPOSITORY, CHILD, release, provenance);
    signLegacy(registry, REPOSITORY, CHILD, release);
    await expect(outcomeOf(both)).resolves.toContain('incomplete');
    signLegacy(registry, REPOSITORY, CHILD, builder);
    await expect(outcomeOf(both)).resolves.toEqual(['verified']);
  });

  it('counts on the index that the image was proved to be in', async () => {
    signLegacy(registry, REPOSITORY, CHILD, release);
    attest(registry, REPOSITORY, INDEX, release, attestationOf(INDEX, SLSA));
    await expect(outcomeOf(requiring(), INDEX)).resolves.toEqual(['verified']);
    await expect(outcomeOf(requiring())).resolves.toContain('incomplete');
  });

  it('counts by any authority of the policy, which then has signed nothing yet', async () => {
    signLegacy(registry, REPOSITORY, CHILD, release);
    attest(registry, REPOSITORY, CHILD, builder, provenance);
    const attestations = [{ predicateType: SLSA, where: {} }];
    const keys = [release, builder];
    await expect(outcomeOf(keyPolicy(keys, { require: 1, attestations }))).resolves.toContain(
      'verified',
    );
    await expect(outcomeOf(keyPolicy(keys, { require: 2, attestations }))).resolves.toContain(
      'incomplete',
    );
  });

  it('needs no annotation that signatures need', async () => {
    signLegacy(registry, REPOSITORY, CHILD, release, { env: 'prod' });
    attest(registry, REPOSITORY, CHILD, release, provenance);
    const attestations = [{ predicateType: SLSA, where: {} }];
    const policy = keyPolicy([release], { annotations: { env: 'prod' }, attestations });
    await expect(outcomeOf(policy)).resolves.toEqual(['verified']);
  });

  it.each([
    ['by a stranger', stranger, provenance, 'wrong-key'],
    ['of another type', release, attestationOf(CHILD, SBOM), 'no-matching-predicate'],
    ['of a longer type', release, attestationOf(CHILD, `${SLSA}.1`), 'no-matching-predicate'],
    ['of another image', release, attestationOf(INDEX, SLSA), 'digest-mismatch'],
    [
      'that another digest algorithm names',
      release,
      { ...provenance, subject: [{ digest: { sha512: CHILD.slice(7) } }] },
      'digest-mismatch',
    ],
    ['without subjects', release, { ...provenance, subject: 'all' }, 'malformed'],
    ['with another predicate', release, attestationOf(CHILD, SLSA, {}), 'no-matching-predicate'],
  ])('%s does not count', async (__, key, statement, reason) => {
    signBundle(registry, REPOSITORY, CHILD, release);
    attest(registry, REPOSITORY, CHILD, key, statement);
    const outcome = await outcomeOf(requiring({ 'builder.id': 'ci' }));
    // Of another type it says nothing about the one that is asked for.
    const asked = Object.values(statement).includes(SLSA);
    expect(outcome[0]).toBe(asked ? 'untrusted' : 'incomplete');
    expect(outcome).toContain(reason);
  });

  it('is no signature, however good', async () => {
    attest(registry, REPOSITORY, CHILD, release, provenance);
    const verdict = await outcomeOf(requiring());
    expect(verdict).toEqual(['incomplete', 'no-matching-predicate']);
  });
});

describe('the attestations of a policy', () => {
  const signed = attestationOf(CHILD, SLSA, {
    text: 'x',
    count: 3,
    yes: true,
    none: null,
    list: [{ name: 'a' }, { name: 'b' }],
    'dotted.name': 1,
  });

  it.each<[string, AttestationRule['where']]>([
    ['no condition', {}],
    ['a text', { text: 'x' }],
    ['a number', { count: 3 }],
    ['a boolean', { yes: true }],
    ['a field of an element', { 'list.1.name': 'b' }],
    ['all conditions', { text: 'x', count: 3, 'list.0.name': 'a' }],
  ])('are met by %s', async (_, where) => {
    signBundle(registry, REPOSITORY, CHILD, release);
    attestBundle(registry, REPOSITORY, CHILD, release, signed);
    await expect(outcomeOf(requiring(where))).resolves.toEqual(['verified']);
  });

  it.each<[string, AttestationRule['where']]>([
    ['another text', { text: 'y' }],
    ['a text for a number', { count: '3' }],
    ['a text for a boolean', { yes: 'true' }],
    ['an absent field', { absent: 'x' }],
    ['one wrong of two', { text: 'x', count: 4 }],
    ['another element', { 'list.0.name': 'b' }],
    ['an element past the end', { 'list.2.name': 'b' }],
    ['an element by an odd position', { 'list.01.name': 'b' }],
    ['the length of a list', { 'list.length': 2 }],
    ['what is inside a text', { 'text.length': 1 }],
    ['what every object inherits', { 'constructor.name': 'Object' }],
    ['what is inside null', { 'none.x': 1 }],
    ['a field with a dot in its name', { 'dotted.name': 1 }],
  ])('are not met by %s', async (_, where) => {
    signBundle(registry, REPOSITORY, CHILD, release);
    attestBundle(registry, REPOSITORY, CHILD, release, signed);
    await expect(outcomeOf(requiring(where))).resolves.toEqual([
      'untrusted',
      'no-matching-predicate',
    ]);
  });

  it('are each required, and one attestation may meet two', async () => {
    const rules = [
      { predicateType: SLSA, where: { a: 1 } },
      { predicateType: SLSA, where: { b: 1 } },
      { predicateType: SBOM, where: {} },
    ];
    const policy = keyPolicy([release], { attestations: rules });
    signBundle(registry, REPOSITORY, CHILD, release);
    attestBundle(registry, REPOSITORY, CHILD, release, attestationOf(CHILD, SLSA, { a: 1, b: 1 }));
    await expect(outcomeOf(policy)).resolves.toContain('incomplete');
    attestLegacy(registry, REPOSITORY, CHILD, release, attestationOf(CHILD, SBOM));
    await expect(outcomeOf(policy)).resolves.toEqual(['verified']);
  });

  it('may be met by several attestations of one type', async () => {
    const rules = [
      { predicateType: SLSA, where: { a: 1 } },
      { predicateType: SLSA, where: { b: 1 } },
    ];
    signBundle(registry, REPOSITORY, CHILD, release);
    attestBundle(registry, REPOSITORY, CHILD, release, attestationOf(CHILD, SLSA, { a: 1 }));
    attestBundle(registry, REPOSITORY, CHILD, release, attestationOf(CHILD, SLSA, { b: 1 }));
    const policy = keyPolicy([release], { attestations: rules });
    await expect(outcomeOf(policy)).resolves.toContain('verified');
  });

  it('leave an image unsigned where nothing is found', async () => {
    await expect(outcomeOf(requiring())).resolves.toEqual(['unsigned']);
  });

  it('are bound to the form that the policy names', async () => {
    signBundle(registry, REPOSITORY, CHILD, release);
    attestLegacy(registry, REPOSITORY, CHILD, release, attestationOf(CHILD, SLSA));
    const outcome = await outcomeOf(requiring({}, { format: 'bundle' }));
    expect(outcome).toEqual(['untrusted', 'wrong-format', 'no-matching-predicate']);
  });

  it('are not looked for where there are none', async () => {
    signBundle(registry, REPOSITORY, CHILD, release);
    attestLegacy(registry, REPOSITORY, CHILD, release, attestationOf(CHILD, SLSA));
    await expect(outcomeOf(keyPolicy([release]))).resolves.toEqual(['verified']);
    expect(registry.calls.some((call) => call.endsWith('.att'))).toBe(false);
  });
});

const BIG = '9007199254740993';

/** A statement whose predicate is this JSON text, so that its numbers are those that are written. */
function statementWith(predicate: string, predicateType = SLSA): string {
  const statement = attestationOf(CHILD, predicateType, 'HERE');
  return JSON.stringify(statement).replace('"HERE"', predicate);
}

async function underRule(
  statement: unknown,
  rule: Partial<AttestationRule>,
): Promise<readonly string[]> {
  signLegacy(registry, REPOSITORY, CHILD, release);
  attestBundle(registry, REPOSITORY, CHILD, release, statement);
  const attestations = [{ predicateType: SLSA, where: {}, ...rule }];
  return outcomeOf(keyPolicy([release], { attestations }));
}

const REFUSED = ['untrusted', 'no-matching-predicate'];

describe('a number of an attestation', () => {
  it.each([
    [BIG, 9007199254740993n, true],
    [BIG, 9007199254740992n, false],
    [BIG, 2 ** 53, false],
    ['9007199254740992', 2 ** 53, true],
    ['18446744073709551616', 18446744073709551617n, false],
    ['3', 3, true],
    ['3.0', 3, true],
    [`"${BIG}"`, 9007199254740993n, false],
  ])('of %s equals %s without rounding: %s', async (text, value, isEqual) => {
    const found = await underRule(statementWith(`{"n":${text}}`), { where: { n: value } });
    expect(found).toEqual(isEqual ? ['verified'] : REFUSED);
  });
});

describe('a well-known name of predicate types', () => {
  it.each([
    ['slsa-provenance', SLSA, true],
    ['slsa-provenance', 'https://slsa.dev/provenance/v0.2', true],
    ['slsa-provenance', 'https://slsa.dev/provenance/v2', false],
    ['slsa-provenance', 'slsa-provenance', false],
    ['spdx', SBOM, true],
    ['spdx', 'https://spdx.dev/Document/v2.3', true],
    ['spdx', 'https://cyclonedx.org/bom', false],
    ['cyclonedx', 'https://cyclonedx.org/bom', true],
    ['vuln', 'https://cosign.sigstore.dev/attestation/vuln/v1', true],
    ['vuln', 'https://in-toto.io/attestation/vulns/v0.1', true],
    ['constructor', SLSA, false],
  ])('%s: %s counts: %s', async (predicateType, type, counts) => {
    const found = await underRule(attestationOf(CHILD, type), { predicateType });
    expect(found.includes('verified')).toBe(counts);
  });
});

describe('a condition', () => {
  const scan = '{"n":3,"big":9007199254740993,"f":0.5,"list":[{"s":"LOW"},{"s":"HIGH"}]}';
  it.each([
    ['predicate.n == 3', true],
    ['predicate.n > 2 && predicate.f < 1.0', true],
    ['predicate.big == 9007199254740993', true],
    ['predicate.big == 9007199254740992', false],
    ['predicate.list.all(one, one.s != "CRITICAL")', true],
    ['predicate.list.exists(one, one.s == "CRITICAL")', false],
    ['size(predicate.list) == 2', true],
    ['has(predicate.absent)', false],
    ['predicate.absent == 1', false],
    ['predicate.n', false],
    ['predicate.constructor == null', false],
    ['predicate.list[5].s == "LOW"', false],
    ['predicate.n == "3"', false],
  ])('%s is met: %s', async (condition, isMet) => {
    const found = await underRule(statementWith(scan), { condition });
    expect(found).toEqual(isMet ? ['verified'] : REFUSED);
  });

  it('is asked beside where', async () => {
    const condition = 'predicate.n == 3';
    const found = await underRule(statementWith(scan), { condition, where: { n: 4 } });
    expect(found).toEqual(REFUSED);
  });

  it.each([
    ['true', 200_000],
    ['predicate.list.all(a, predicate.list.all(b, a == b))', 3000],
    ['predicate.list.all(a, a in predicate.list)', 3000],
  ])('%s is not met by more values than are read', async (condition, most) => {
    const many = JSON.stringify({ list: Array.from({ length: most }, () => 0) });
    expect(await underRule(statementWith(many), { condition })).toEqual(REFUSED);
  });

  it.each([
    ['no CEL', 'predicate.n =='],
    ['another variable', 'other.n == 1'],
    ['three loops', 'predicate.a.all(x, x.all(y, y.all(z, z == 1)))'],
    ['a pattern', 'predicate.a.matches("^(a+)+$")'],
    ['a pattern in a loop', 'predicate.a.all(x, x.matches("^(a+)+$"))'],
    ['an expression of many parts', Array.from({ length: 300 }, () => 'true').join(' && ')],
    ['a deep expression', `${'('.repeat(200)}true${')'.repeat(200)}`],
  ])('is refused when it is %s', async (_, condition) => {
    await expect(underRule(statementWith(scan), { condition })).rejects.toMatchObject({
      code: 'bad-config',
    });
  });
});

describe('a policy that takes attestations for signatures', () => {
  it.each([
    ['requires none', keyPolicy([release], { signatures: 'attested' })],
    [
      'asks for annotations',
      keyPolicy([release], {
        signatures: 'attested',
        attestations: [{ predicateType: SLSA, where: {} }],
        annotations: { env: 'prod' },
      }),
    ],
  ])('is refused when it %s', async (_, policy) => {
    await expect(verify(policy)).rejects.toMatchObject({ code: 'bad-config' });
  });
});
