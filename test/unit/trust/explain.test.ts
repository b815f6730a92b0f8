import { describe, expect, it } from 'vitest';

import {
  CANDIDATE_REASONS,
  type CandidateOutcome,
  type CandidateReason,
} from '#shared/core/verdict.ts';
import { explainCandidate, explainVerdict, mendingCommand } from '#shared/trust/explain.ts';
import { createSigningKey, keyPolicy } from '#test/fakes/cosign.ts';

const two = keyPolicy([createSigningKey(), createSigningKey()]);
const one = { ...two, require: 1 };

const refused = (reason: CandidateReason, authority = 'key-1'): CandidateOutcome => ({
  source: 'sha256:1',
  format: 'legacy',
  authority,
  reason,
  detail: 'Detail',
});
const accepted: CandidateOutcome = {
  source: 'sha256:2',
  format: 'bundle',
  authority: 'key-1',
  identity: 'hint',
};

describe('explainVerdict()', () => {
  it.each(CANDIDATE_REASONS)('is one sentence that says what to do for %s', (reason) => {
    const verdict = { status: 'untrusted', candidates: [refused(reason)] } as const;
    expect(explainVerdict(verdict, one)).toMatch(
      /^Not trusted under policy "release": .+: \S.+[^.]$/,
    );
  });

  it('names who verified, and what the policy allows', () => {
    const verdict = { status: 'verified', authorities: ['a', 'b'], candidates: [] } as const;
    expect(explainVerdict(verdict, one)).toMatch(/^Verified by a, b under policy "release"$/);
    const open = { ...verdict, authorities: [], allowedUnsigned: true } as const;
    expect(explainVerdict(open, one)).toMatch(/^Not signed.*allows/);
  });

  it('names who may sign an unsigned image', () => {
    expect(explainVerdict({ status: 'unsigned' }, two)).toMatch(/key-1 or key-2$/);
  });

  it('names whose signature is missing when some have signed', () => {
    const candidates = [accepted, refused('wrong-key', 'key-2')];
    expect(explainVerdict({ status: 'untrusted', candidates }, two)).toMatch(
      /signed by key-1, and 2 are required: have it signed by key-2 too$/,
    );
  });

  it('names the attestation that is missing when enough have signed', () => {
    const detail = 'Nobody trusted signed an attestation of type X';
    const lacking = { source: 'policy', format: 'unknown', detail } as const;
    const candidates = [accepted, { ...lacking, reason: 'no-matching-predicate' as const }];
    expect(explainVerdict({ status: 'untrusted', candidates }, one)).toMatch(
      /Nobody trusted signed an attestation of type X: attest it/,
    );
  });

  it('speaks of the candidate that is nearest to one that counts', () => {
    const candidates = [refused('malformed'), refused('missing-claim'), refused('wrong-key')];
    expect(explainVerdict({ status: 'untrusted', candidates }, one)).toMatch(/annotations/);
  });

  it('passes on why an image cannot be synced', () => {
    const verdict = { status: 'unusable', reason: 'tag-absent', message: 'Tag is absent' } as const;
    expect(explainVerdict(verdict, one)).toMatch(/Tag is absent$/);
  });
});

describe('explainCandidate()', () => {
  it.each<[CandidateOutcome, string]>([
    [accepted, 'sha256:2 (bundle, key-1) accepted as hint'],
    [refused('wrong-key'), 'sha256:1 (legacy, key-1) wrong-key: Detail'],
    [
      { ...accepted, predicateType: 'X' },
      'sha256:2 (bundle attestation X, key-1) accepted as hint',
    ],
    [
      { source: 'sha256:3', format: 'unknown', reason: 'malformed', detail: 'Bad' },
      'sha256:3 (unknown) malformed: Bad',
    ],
  ])('says %j in one line', (outcome, line) => {
    expect(explainCandidate(outcome)).toBe(line);
  });
});

describe('mendingCommand()', () => {
  const IMAGE = 'registry.example/configs/platform@sha256:1';
  const attested = {
    ...one,
    attestations: [{ predicateType: 'https://slsa.dev/provenance/v1', where: {} }],
  };
  const lacking: CandidateOutcome = {
    source: 'policy',
    format: 'unknown',
    predicateType: 'https://slsa.dev/provenance/v1',
    reason: 'no-matching-predicate',
  };
  const keyless = {
    ...one,
    authorities: [
      {
        type: 'keyless' as const,
        name: 'ci',
        issuer: 'https://issuer.example',
        subject: { exact: 'x' },
        annotations: { env: "it's" },
        trustedRoot: 'public-good' as const,
        claims: {},
      },
    ],
  };

  it.each([
    [
      'an unsigned image',
      { status: 'unsigned' },
      one,
      `cosign sign --key PRIVATE_KEY_OF_key-1 --tlog-upload=false --use-signing-config=false ${IMAGE}`,
    ],
    [
      'one of another key',
      { status: 'untrusted', candidates: [refused('wrong-key')] },
      one,
      `cosign sign --key PRIVATE_KEY_OF_key-1 --tlog-upload=false --use-signing-config=false ${IMAGE}`,
    ],
    [
      'the second signer',
      { status: 'untrusted', candidates: [accepted] },
      two,
      `cosign sign --key PRIVATE_KEY_OF_key-2 --tlog-upload=false --use-signing-config=false ${IMAGE}`,
    ],
    [
      'an identity with claims',
      { status: 'unsigned' },
      keyless,
      `cosign sign -a 'env=it'\\''s' ${IMAGE}`,
    ],
    [
      'an attestation',
      { status: 'untrusted', candidates: [accepted, lacking] },
      attested,
      `cosign attest --type https://slsa.dev/provenance/v1 --predicate PREDICATE.json --key PRIVATE_KEY_OF_key-1 --tlog-upload=false --use-signing-config=false ${IMAGE}`,
    ],
    ['what is verified', { status: 'verified', authorities: [], candidates: [] }, one, undefined],
    [
      'what cannot be synced',
      { status: 'unusable', reason: 'tag-absent', message: 'No' },
      one,
      undefined,
    ],
  ] as const)('mends %s', (_, verdict, policy, command) => {
    expect(mendingCommand(verdict, policy, IMAGE)).toBe(command);
  });
});
