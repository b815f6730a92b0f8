import { createStagedApiWorld } from '#test/fixtures/staged-api.ts';
import { describe, expect, it } from 'vitest';
import { COSTLY_CALL, SPEND_PER_MINUTE } from '#functions/api/limits.ts';
import { createMemoryHistory } from '#test/fakes/memory-history.ts';
import { createApiWorld } from '#test/fixtures/api-world.ts';

describe('a call by a method that its path does not take', () => {
  it.each([{}, { 'content-type': 'text/plain' }, { 'content-type': 'application/json' }])(
    'is answered with those that it takes, with headers %j',
    async (headers) => {
      const answer = await createApiWorld().request('/v1/fleet', { method: 'POST', headers });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
    },
  );
});

describe('a caller who asks too often', () => {
  it('is asked to wait, and how long', async () => {
    const world = createApiWorld();
    const calls = SPEND_PER_MINUTE / COSTLY_CALL;
    for (let at = 0; at < calls; at += 1) {
      expect((await world.post('/v1/resync', {})).status).toBe(202);
    }
    const answer = await world.post('/v1/resync', {});
    expect(answer.status).toBe(429);
    expect(await answer.json()).toMatchObject({ code: 'rate-limited' });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(world.tasks).toHaveLength(calls * 3);
    world.pass(60_000);
    expect((await world.post('/v1/resync', {})).status).toBe(202);
  });

  it.each([
    ['/v1/fleet', 1],
    ['/v1/fleet?live=true', COSTLY_CALL],
    ['/v1/explain?cluster=cluster-1&sync=RootSync/root-sync', COSTLY_CALL],
    ['/v1/history', COSTLY_CALL],
    ['/v1/holds', COSTLY_CALL],
    ['/v1/rollouts/platform-v1-7-00000001', 1],
    ['/v1/rollouts/platform-v1-7-00000001/plan', COSTLY_CALL],
  ])('pays for %s %i', async (path, cost) => {
    const kept = { history: createMemoryHistory().open(), days: 400 };
    const world = path.includes('rollouts')
      ? await createStagedApiWorld()
      : createApiWorld({}, { kept });
    let answered = 0;
    while ((await world.get(path)).status === 200) answered += 1;
    expect(answered).toBe(SPEND_PER_MINUTE / cost);
  });
});

describe('paths', () => {
  it.each([
    ['GET', '/v1/resync', 405],
    ['DELETE', '/v1/fleet', 405],
    ['GET', '/v1/nothing', 404],
    ['GET', '/health', 200],
    ['GET', '/ready', 200],
    ['GET', '/openapi.json', 200],
  ])('%s %s is %i', async (method, path, status) => {
    const answer = await createApiWorld().request(path, { method });
    expect(answer.status).toBe(status);
    await answer.body?.cancel();
  });

  it('refuses a name of another host, as a rebound DNS name has', async () => {
    const answer = await createApiWorld().request('/v1/fleet', {
      headers: { host: 'evil.example' },
    });
    expect(answer.status).toBe(403);
  });
});
