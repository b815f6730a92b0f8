import { describe, expect, it } from 'vitest';
import { absent, codeOf, failureOf, json, NOW, scripted } from './scripted-registry.ts';

const REPOSITORY = 'registry.test/a';

function status(code: number, headers: Record<string, string> = {}): () => Response {
  return () => new Response(null, { status: code, headers });
}

describe('failures', () => {
  it.each([
    [400, 'registry-misbehaved', 1],
    [403, 'registry-denied', 1],
    [405, 'registry-misbehaved', 1],
    [408, 'registry-unavailable', 3],
    [429, 'registry-unavailable', 3],
    [500, 'registry-unavailable', 3],
    [503, 'registry-unavailable', 3],
    [204, 'registry-misbehaved', 1],
    [206, 'registry-misbehaved', 1],
  ])('takes status %d for %s, after %d attempts', async (code, expected, attempts) => {
    const { registry, seen } = scripted(status(code));
    expect(await codeOf(registry.manifest(REPOSITORY, 'v1'))).toBe(expected);
    expect(seen).toHaveLength(attempts);
  });

  it('does not retry what is denied, and says so', async () => {
    const { registry } = scripted(status(403));
    expect((await failureOf(registry.manifest(REPOSITORY, 'v1')))?.retry).toBe(false);
  });

  it.each([
    ['0', 0, 3],
    ['60', 60_000, 1],
    [new Date(NOW.getTime() + 30_100).toUTCString(), 30_100, 1],
    ['Sun, 22 Nov 2020 05:00:00 GMT', 0, 3],
    ['999999999', 3_600_000, 1],
    ['soon', undefined, 3],
  ])('reads Retry-After %j', async (header, retryAfterMs, attempts) => {
    const { registry, seen } = scripted(status(429, { 'retry-after': header }));
    const failure = await failureOf(registry.manifest(REPOSITORY, 'v1'));
    expect(failure).toMatchObject({ code: 'registry-unavailable', retryAfterMs, retry: true });
    expect(seen).toHaveLength(attempts);
  });

  it('recovers from an outage that passes', async () => {
    const answers = [
      () => {
        throw new TypeError('fetch failed');
      },
      status(502),
      () => json({}),
    ];
    const { registry, seen } = scripted(() => answers.shift()?.() ?? json({}, 500));
    expect(await codeOf(registry.manifest(REPOSITORY, 'v1'))).toBe('none');
    expect(seen).toHaveLength(3);
  });

  it('takes a network error for an outage and keeps its cause', async () => {
    const cause = new TypeError('fetch failed');
    const { registry } = scripted(() => Promise.reject(cause));
    const failure = await failureOf(registry.manifest(REPOSITORY, 'v1'));
    expect(failure).toMatchObject({ code: 'registry-unavailable', cause });
  });
});

describe('404', () => {
  it.each([
    ['an error document', () => absent('MANIFEST_UNKNOWN')],
    ['an absent repository', () => absent('NAME_UNKNOWN')],
    ['no body', () => new Response(null, { status: 404 })],
  ])('with %s means absent', async (_, answer) => {
    const { registry, seen } = scripted(answer);
    expect(await registry.manifest(REPOSITORY, 'v1')).toBeUndefined();
    expect(seen).toHaveLength(1);
  });

  it.each([
    ['a page', () => new Response('<html>Not Found</html>', { status: 404 })],
    ['plain text', () => new Response('404 page not found\n', { status: 404 })],
    ['other JSON', () => json({ message: 'no route' }, 404)],
    ['no errors', () => json({ errors: [] }, 404)],
  ])('with %s is not the word of a registry', async (_, answer) => {
    const { registry } = scripted(answer);
    expect(await codeOf(registry.manifest(REPOSITORY, 'v1'))).toBe('registry-misbehaved');
  });

  it('behind a redirect to another host is not either', async () => {
    const { registry } = scripted(({ host }) =>
      host === 'storage.test' ? absent() : Response.redirect('https://storage.test/x', 307),
    );
    expect(await codeOf(registry.manifest(REPOSITORY, 'v1'))).toBe('registry-misbehaved');
  });
});
