import { describe, expect, it } from 'vitest';
import {
  type AskDeps,
  createAsk,
  createGoodVerdicts,
  type Found,
  type Question,
} from '#functions/admission/ask.ts';
import { isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReference } from '#shared/core/reference.ts';
import { createLanes } from '#shared/http/shed-load.ts';
import { fakeDigest } from '#test/fixtures/digests.ts';
import { RELEASE_POLICY } from '#test/fixtures/trust-policy.ts';

const VERIFIED: Found = { verdict: { status: 'verified', authorities: ['a'], candidates: [] } };
function questionOf(text: string, hint?: string): Question {
  const digest = fakeDigest('a');
  const announced = { type: 'image', reference: parseReference(text), digest } as const;
  const index = hint !== undefined && isDigest(hint) ? { hint } : {};
  return { announced, policy: RELEASE_POLICY, taken: { type: 'oci', dir: '.' }, ...index };
}

const IMAGE = questionOf('us-docker.pkg.dev/p/r/i:v1');

/** Each look waits until the test releases it. */
function create(overrides: Partial<AskDeps> = {}) {
  const looks: { question: Question; end(found: Found): void; fail(error: Error): void }[] = [];
  const now = (): Date => new Date(0);
  const ask = createAsk({
    find(question) {
      const { promise, resolve, reject } = Promise.withResolvers<Found>();
      looks.push({ question, end: resolve, fail: reject });
      return promise;
    },
    good: createGoodVerdicts({ staleForMs: 1_000, now }),
    lanes: createLanes({ perKey: 8, waiting: 8 }),
    now,
    onFailure: () => undefined,
    ...overrides,
  });
  return { ask, looks, turn: () => new Promise((resolve) => setImmediate(resolve)) };
}

describe('createAsk()', () => {
  it('makes one look for all who ask at once, and none for who asks later', async () => {
    const { ask, looks, turn } = create();
    const asked = [1, 2, 3].map(() => ask(IMAGE, 1_000));
    await turn();
    expect(looks).toHaveLength(1);
    looks[0]?.end(VERIFIED);
    const answers = await Promise.all(asked);
    expect(answers).toEqual([1, 2, 3].map(() => ({ status: 'known', ...VERIFIED })));
    expect(await ask(IMAGE, 1_000)).toMatchObject({ status: 'known', remembered: true });
    expect(looks).toHaveLength(1);
  });

  it.each([
    ['another tag, behind which its index may be', questionOf('us-docker.pkg.dev/p/r/i:v2')],
    ['a hint at an index', questionOf('us-docker.pkg.dev/p/r/i:v1', fakeDigest('b'))],
    ['another repository', questionOf('us-docker.pkg.dev/p/r/other:v1')],
    ['another policy', { ...IMAGE, policy: { ...RELEASE_POLICY, hash: 'sha256:2' } }],
  ])('makes another look for %s', async (_, question) => {
    const { ask, looks, turn } = create();
    void ask(IMAGE, 1_000);
    void ask(question, 1_000);
    await turn();
    expect(looks.map((look) => look.question)).toEqual([IMAGE, question]);
    for (const look of looks) look.end(VERIFIED);
  });

  it('answers in time, and finds the result of the late look at the next attempt', async () => {
    const { ask, looks, turn } = create();
    expect(await ask(IMAGE, 1)).toEqual({ status: 'late' });
    looks[0]?.end(VERIFIED);
    await turn();
    expect(await ask(IMAGE, 1)).toMatchObject({ status: 'known' });
    expect(looks).toHaveLength(1);
  });

  it('keeps no more waiting than it may, whatever they ask', async () => {
    const { ask, looks, turn } = create({ maxWaiting: 1 });
    const first = ask(IMAGE, 1_000);
    await turn();
    expect(await ask(IMAGE, 1_000)).toEqual({ status: 'overloaded' });
    looks[0]?.end(VERIFIED);
    await first;
    expect(await ask(IMAGE, 1_000)).toMatchObject({ status: 'known' });
  });

  it('gives a failure to all who wait, and does not keep it for good', async () => {
    const failure = new CountersignError('registry-unavailable', 'Down');
    let time = 0;
    const { ask, looks, turn } = create({ now: () => new Date(time) });
    const asked = [ask(IMAGE, 1_000), ask(IMAGE, 1_000)];
    await turn();
    looks[0]?.fail(failure);
    expect(await Promise.all(asked)).toEqual([1, 2].map(() => ({ status: 'failed', failure })));
    expect(await ask(IMAGE, 1_000)).toEqual({ status: 'failed', failure });
    time = 5_000;
    void ask(IMAGE, 1_000);
    await turn();
    expect(looks).toHaveLength(2);
    looks[1]?.end(VERIFIED);
  });
});
