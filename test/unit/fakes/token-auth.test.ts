import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createRegistryApp } from '#infra/local/registry/start-registry.ts';
import {
  requireTokens,
  TOKEN_LIFETIME_SECONDS,
  type TokenAuth,
  TOKENS_LIMIT,
} from '#test/fakes/token-auth.ts';

const TAGS = '/v2/acme/configs/tags/list';
const UPLOADS = '/v2/acme/configs/blobs/uploads/';
const answer = z.object({ token: z.string().min(20), expires_in: z.int() });

function startApp(auth: TokenAuth = {}) {
  let now = Date.parse('2026-11-22T05:00:00Z');
  const guard = requireTokens(auth);
  const app = createRegistryApp({ host: '127.0.0.1:5000', guard, clock: () => new Date(now) });
  const bearer = (path: string, token: string, method = 'GET') =>
    app.request(path, { method, headers: { authorization: `Bearer ${token}` } });
  const askToken = async (query: string): Promise<string> => {
    const response = await app.request(`/token?${query}`);
    return answer.parse(await response.json()).token;
  };
  const wait = (seconds: number): void => {
    now += seconds * 1000;
  };
  return { app, askToken, bearer, wait };
}

describe('token auth', () => {
  it.each([
    ['/v2/', 'GET', ''],
    [TAGS, 'GET', ',scope="repository:acme/configs:pull"'],
    [UPLOADS, 'POST', ',scope="repository:acme/configs:pull,push"'],
  ])('answers %s without a token with 401 and where to get one', async (path, method, scope) => {
    const refused = await startApp().app.request(path, { method });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe(
      `Bearer realm="http://127.0.0.1:5000/token",service="127.0.0.1:5000"${scope}`,
    );
  });

  it('opens what was asked for and nothing else', async () => {
    const { askToken, bearer } = startApp();
    const token = await askToken('scope=repository:acme/configs:pull');
    // 404: nothing was pushed, but the door was open.
    expect((await bearer(TAGS, token)).status).toBe(404);
    expect((await bearer(UPLOADS, token, 'POST')).status).toBe(401);
    expect((await bearer('/v2/acme/other/tags/list', token)).status).toBe(401);
  });

  it('takes several scopes in one token', async () => {
    const { askToken, bearer } = startApp();
    const token = await askToken(
      'scope=repository:acme/configs:pull,push&scope=repository:acme/other:pull',
    );
    expect((await bearer(UPLOADS, token, 'POST')).status).toBe(202);
    expect((await bearer('/v2/acme/other/tags/list', token)).status).toBe(404);
  });

  it('refuses a token that was made up, and one past its time', async () => {
    const { askToken, bearer, wait } = startApp();
    const token = await askToken('');
    expect((await bearer('/v2/', 'made-up')).status).toBe(401);
    wait(TOKEN_LIFETIME_SECONDS - 1);
    expect((await bearer('/v2/', token)).status).toBe(200);
    wait(1);
    expect((await bearer('/v2/', token)).status).toBe(401);
  });

  it('forgets the oldest token when there are too many', async () => {
    const { askToken, bearer } = startApp();
    const [oldest, second] = [await askToken(''), await askToken('')];
    for (let made = 2; made <= TOKENS_LIMIT; made += 1) await askToken('');
    expect((await bearer('/v2/', oldest)).status).toBe(401);
    expect((await bearer('/v2/', second)).status).toBe(200);
  });

  it.each([
    ['the right password', 'Basic cm9ib3Q6c2VjcmV0', 200],
    ['a wrong password', 'Basic cm9ib3Q6d3Jvbmc=', 401],
    ['none', '', 401],
  ])('gives a token for credentials: %s', async (_, authorization, status) => {
    const { app } = startApp({ credentials: { username: 'robot', password: 'secret' } });
    const response = await app.request('/token', { headers: { authorization } });
    expect(response.status).toBe(status);
  });
});
