import { describe, expect, it } from 'vitest';
import { type CandidateOutcome, MAX_SIGNER, type Verdict, signerOf } from '#shared/core/verdict.ts';

function verified(...candidates: Partial<CandidateOutcome>[]): Verdict {
  const about = { source: 'sha256:s', format: 'bundle', authority: 'ci' } as const;
  return {
    status: 'verified',
    authorities: ['ci', 'key'],
    candidates: candidates.map((one) => ({ ...about, ...one })),
  };
}

describe('signerOf()', () => {
  it.each<[string, Verdict, string | undefined]>([
    [
      'the identity that verified',
      verified({ identity: 'https://ci.example/a' }),
      'https://ci.example/a',
    ],
    [
      'each signer once, in order of appearance',
      verified({ identity: 'b' }, { identity: 'a', authority: 'key' }, { identity: 'b' }),
      'b, a',
    ],
    [
      'none that was refused, or that no authority in the verdict accepted',
      verified(
        { identity: 'stranger', reason: 'wrong-key' },
        { identity: 'other', authority: 'other' },
        { identity: 'a' },
      ),
      'a',
    ],
    [
      'no character that rules a terminal',
      verified({ identity: 'a\u202e\n\u001b[2J' }),
      'a\ufffd\ufffd\ufffd[2J',
    ],
    ['nothing where none is named', verified({}), undefined],
    ['nothing of an image that may be unsigned', verified(), undefined],
    ['nothing of what does not verify', { status: 'untrusted', candidates: [] }, undefined],
  ])('has %s', (_, verdict, signer) => {
    expect(signerOf(verdict)).toBe(signer);
  });

  it('is no longer than a receipt can take', () => {
    expect(signerOf(verified({ identity: 'x'.repeat(5_000) }))).toHaveLength(MAX_SIGNER);
  });
});
