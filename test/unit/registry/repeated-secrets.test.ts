import { describe, expect, it } from 'vitest';
import { challenge, failureOf, json, scripted } from './scripted-registry.ts';

const TOKEN = 'Ya-google-token-that-is-long-enough';
const PASSWORD = 'a-registry-password-that-is-long';
const BASIC = Buffer.from(`robot:${PASSWORD}`).toString('base64');
const GOOGLE = [{ host: 'registry.test', plainHttp: false, auth: 'google' as const }];
const DOCKER = [{ host: 'registry.test', plainHttp: false, auth: 'dockerConfig' as const }];
const dockerConfig = async () => JSON.stringify({ auths: { 'registry.test': { auth: BASIC } } });

describe('a registry that repeats our credentials', () => {
  it.each([
    ['a manifest', () => json({ mediaType: `application/${TOKEN}` })],
    ['a header', () => json({}, 200, { 'content-type': `application/json; ${TOKEN}` })],
    ['an absence', () => json({ errors: [{ code: 'X', message: TOKEN }] }, 404)],
    ['a challenge', () => challenge(`Bearer realm="https://${TOKEN}.test/"`)],
    [
      'a redirect',
      () => new Response(null, { status: 307, headers: { location: `http://${TOKEN}.test/` } }),
    ],
  ])('in %s is refused, and nothing of it shown', async (_, answer) => {
    const { registry } = scripted(answer, { registries: GOOGLE, googleToken: async () => TOKEN });
    const failed = await failureOf(registry.manifest('registry.test/a', 'v1'));
    expect(failed?.code).toBe('registry-misbehaved');
    expect(failed?.message.toLowerCase()).not.toContain(TOKEN.toLowerCase());
  });

  it.each([BASIC, PASSWORD])('as %s is refused', async (secret) => {
    const { registry } = scripted(
      (_, { authorization }) =>
        authorization === null ? challenge('Basic realm=a') : json({ mediaType: secret }),
      { registries: DOCKER, dockerConfig },
    );
    const failed = await failureOf(registry.manifest('registry.test/a', 'v1'));
    expect(failed?.code).toBe('registry-misbehaved');
    expect(failed?.message).not.toContain(secret);
  });
});
