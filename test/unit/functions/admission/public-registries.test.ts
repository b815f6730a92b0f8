import { beforeEach, describe, expect, it } from 'vitest';
import { createPublicRegistries } from '#functions/admission/drop-in.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import type { Registry } from '#shared/registry/registry.ts';

/** Attack 35 of docs/threat-model.md#attacks-on-signatures: the sample webhook sent Google's token to any registry. */
const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const ADDRESSES: Readonly<Record<string, string>> = {
  'inside.example': '10.0.0.7',
  localhost: '127.0.0.1',
  'both.example': '93.184.216.34,169.254.169.254',
};

interface Sent {
  readonly url: string;
  readonly authorization: string | null;
}

let sent: Sent[];
let answers: Map<string, () => Response>;
let registry: Registry;

beforeEach(() => {
  sent = [];
  answers = new Map();
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    sent.push({ url, authorization: new Headers(init?.headers).get('authorization') });
    return answers.get(new URL(url).host)?.() ?? new Response('', { status: 404 });
  };
  const options = {
    fetch,
    now: () => new Date(),
    limits: { retries: 0 },
    resolveHost: async (host: string) => (ADDRESSES[host] ?? '93.184.216.34').split(','),
  };
  const credentials = { googleToken: async () => 'ya29.secret', dockerConfig: async () => '{}' };
  const rule = { host: 'named.example:5000', plainHttp: true, auth: 'none' } as const;
  registry = createPublicRegistries({
    ...options,
    named: createRegistry({ ...options, ...credentials, registries: [rule] }),
    hosts: [rule.host],
  });
});

async function ask(repository: string): Promise<unknown> {
  return registry.manifest(repository, DIGEST).catch((error: unknown) => error);
}

describe('createPublicRegistries()', () => {
  it("sends Google's token to Google", async () => {
    await ask('us-docker.pkg.dev/p/r/i');
    expect(sent.map(({ authorization }) => authorization)).toContain('Bearer ya29.secret');
  });

  it.each([
    'evil.example/p/r/i',
    'us-docker.pkg.dev.evil.example/p/r/i',
    'gcr.io.evil.example/x',
    'xgcr.io/x',
    'us-docker.pkg.dev:8443/p/r/i',
  ])('sends none to %s', async (repository) => {
    await ask(repository);
    expect(sent.map(({ authorization }) => authorization)).toEqual([null]);
    expect(sent[0]?.url).toMatch(/^https:/);
  });

  it('sends none to a token realm that a stranger names', async () => {
    const challenge = 'Bearer realm="https://evil.example/token",service="s"';
    answers.set('evil.example', () => {
      return new Response('', { status: 401, headers: { 'www-authenticate': challenge } });
    });
    await ask('evil.example/p');
    expect(sent.every(({ authorization }) => !authorization?.includes('ya29'))).toBe(true);
  });

  it.each([
    'inside.example/x',
    'both.example/x',
    '10.0.0.7/x',
    '169.254.169.254/x',
    'localhost:443/x',
  ])('does not ask %s, which leads to a private address', async (repository) => {
    expect(await ask(repository)).toMatchObject({ code: 'registry-not-allowed' });
    expect(sent).toEqual([]);
  });

  it('does not follow a redirect to one', async () => {
    const headers = { location: 'https://inside.example/v2/x' };
    answers.set('evil.example', () => new Response('', { status: 307, headers }));
    await ask('evil.example/x');
    expect(sent.map(({ url }) => new URL(url).host)).toEqual(['evil.example']);
  });

  it('asks the registries that are named as they are', async () => {
    await ask('named.example:5000/x');
    expect(sent).toEqual([
      { url: `http://named.example:5000/v2/x/manifests/${DIGEST}`, authorization: null },
    ]);
  });
});
