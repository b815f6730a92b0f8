import { describe, expect, it } from 'vitest';
import { challenge, codeOf, json, scripted, sha256 } from './scripted-registry.ts';

const BYTES = 'payload';
const DIGEST = sha256(BYTES);

function redirect(location: string | undefined, status = 307): Response {
  return new Response(null, { status, headers: location === undefined ? {} : { location } });
}

/** Redirects from us-docker.pkg.dev along `hops`, and gives the blob at the end. */
function along(hops: readonly string[]) {
  let hop = 0;
  return (): Response => {
    const location = hops[hop];
    hop += 1;
    return location === undefined ? new Response(BYTES) : redirect(location);
  };
}

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('follows status %d', async (status) => {
    const { registry } = scripted(({ host }) =>
      host === 'storage.test' ? new Response(BYTES) : redirect('https://storage.test/x', status),
    );
    const bytes = await registry.blob('registry.test/a', DIGEST, 100);
    expect(Buffer.from(bytes ?? []).toString()).toBe(BYTES);
  });

  it('keeps the Google token on the host, and never sends it again once it was left', async () => {
    const hops = [
      '/artifacts-downloads/x',
      'https://storage.test/y',
      'https://us-docker.pkg.dev/z',
    ];
    const { registry, seen } = scripted(along(hops));
    await registry.blob('us-docker.pkg.dev/p/r/i', DIGEST, 100);
    expect(seen.map(({ url, authorization }) => [new URL(url).host, authorization])).toEqual([
      ['us-docker.pkg.dev', 'Bearer google-token'],
      ['us-docker.pkg.dev', 'Bearer google-token'],
      ['storage.test', null],
      ['us-docker.pkg.dev', null],
    ]);
  });

  it('sends no credentials to a foreign host that a manifest is redirected to', async () => {
    const { registry, seen } = scripted(({ host }) =>
      host === 'evil.test' ? json({}) : redirect('https://evil.test/m'),
    );
    await registry.manifest('us-docker.pkg.dev/p/r/i', 'v1');
    expect(seen.at(-1)?.authorization).toBeNull();
  });

  it('asks for no token on behalf of a foreign host', async () => {
    const { registry, seen } = scripted(({ host }) =>
      host === 'evil.test'
        ? challenge('Bearer realm="https://registry.test/token"')
        : redirect('https://evil.test/m'),
    );
    expect(await codeOf(registry.manifest('registry.test/a', 'v1'))).toBe('registry-denied');
    expect(seen).toHaveLength(2);
  });

  it.each([
    ['plain http', 'http://storage.test/x', 'registry-misbehaved'],
    ['plain http of the same host', 'http://us-docker.pkg.dev/x', 'registry-misbehaved'],
    ['another scheme', 'file:///etc/passwd', 'registry-misbehaved'],
    ['an address with credentials', 'https://a:b@storage.test/x', 'registry-misbehaved'],
    ['no address', 'https://', 'registry-misbehaved'],
    ['the metadata server', 'https://169.254.169.254/', 'registry-not-allowed'],
    ['a private address', 'https://[::ffff:10.0.0.1]/', 'registry-not-allowed'],
    ['a name with a private address', 'https://internal.test/', 'registry-not-allowed'],
  ])('does not follow to %s', async (_, location, code) => {
    const { registry, seen } = scripted(() => redirect(location), {
      resolveHost: async (host) => [host === 'internal.test' ? '10.0.0.1' : '8.8.8.8'],
    });
    expect(await codeOf(registry.blob('us-docker.pkg.dev/p/r/i', DIGEST, 100))).toBe(code);
    expect(seen).toHaveLength(1);
  });

  it('does not follow a redirect without Location', async () => {
    const { registry } = scripted(() => redirect(undefined));
    expect(await codeOf(registry.blob('registry.test/a', DIGEST, 100))).toBe('registry-misbehaved');
  });

  it('stops after five', async () => {
    const { registry, seen } = scripted(({ pathname }) => redirect(`${pathname}x`));
    expect(await codeOf(registry.blob('registry.test/a', DIGEST, 100))).toBe('registry-misbehaved');
    expect(seen).toHaveLength(6);
  });

  it('follows redirects of a plain http registry to itself alone', async () => {
    const registries = [
      { host: '127.0.0.1:5000', plainHttp: true, auth: 'none' as const },
      { host: '127.0.0.1:9000', plainHttp: true, auth: 'none' as const },
    ];
    const own = scripted(along(['http://127.0.0.1:5000/x']), { registries });
    expect(await codeOf(own.registry.blob('127.0.0.1:5000/a', DIGEST, 100))).toBe('none');
    const other = scripted(along(['http://127.0.0.1:9000/x']), { registries });
    const code = await codeOf(other.registry.blob('127.0.0.1:5000/a', DIGEST, 100));
    expect(code).toBe('registry-misbehaved');
  });
});
