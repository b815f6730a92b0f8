import { describe, expect, it } from 'vitest';
import { VerifyAnswer } from '#functions/api/verify-image.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { UNSIGNED, UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, createApiWorld } from '#test/fixtures/api-world.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

describe('POST /v1/verify', () => {
  it.each([
    [VERIFIED, { verdict: 'verified', authorities: ['release-key'], reasons: [] }],
    [UNSIGNED, { verdict: 'unsigned', authorities: [], candidates: [] }],
    [
      UNTRUSTED,
      {
        verdict: 'untrusted',
        reasons: ['wrong-key'],
        candidates: [{ source: 'sha256:s', format: 'legacy', reason: 'wrong-key' }],
      },
    ],
  ])('answers $status with every candidate', async (verdict, expected) => {
    const world = createApiWorld();
    world.verdicts.set(A, verdict);
    const answer = await world.post('/v1/verify', { image: IMAGE });
    expect(answer.status).toBe(200);
    const told = VerifyAnswer.parse(await answer.json());
    expect(told).toMatchObject({ image: IMAGE, digest: A, policy: 'release', ...expected });
  });

  it('answers a tag that is absent as a verdict, not a failure', async () => {
    const world = createApiWorld();
    const image = 'us-docker.pkg.dev/acme/configs/other:v9';
    const told = VerifyAnswer.parse(await (await world.post('/v1/verify', { image })).json());
    expect(told).toMatchObject({ verdict: 'unusable', reasons: ['tag-absent'] });
    expect(told).not.toHaveProperty('digest');
  });

  it('is no way to make us call any host', async () => {
    const world = createApiWorld();
    const answer = await world.post('/v1/verify', { image: '169.254.169.254/x:v1' });
    expect(answer.status).toBe(400);
    expect(world.resolved).toEqual([]);
  });

  it('answers what could not be checked as a failure', async () => {
    const world = createApiWorld();
    world.broken.set(IMAGE, new CountersignError('registry-unavailable', 'Registry is down'));
    const answer = await world.post('/v1/verify', { image: IMAGE });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'registry-unavailable' });
  });
});
