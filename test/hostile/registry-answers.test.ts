import { describe, expect, it } from 'vitest';

import { type Digest, isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { reasonsOf } from '#shared/core/verdict.ts';
import type { RegistryRule } from '#shared/registry/host-access.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import { keyPolicy, putBundle, putFallback, signLegacy } from '#test/fakes/cosign.ts';
import { createMemoryRegistry, type MemoryRegistry } from '#test/fakes/memory-registry.ts';

import {
  bundle,
  type Endpoint,
  good,
  IMAGE,
  key,
  MIRRORED,
  ODD_ANSWERS,
  type OddAnswers,
  type Page,
  REPOSITORY,
  SIGNED,
} from './registry-answers.ts';

const HOST = 'registry.test';
const TOKEN = 'abc';
const NOT_FOUND = { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'unknown' }] };

/** What an honest registry has. */
function contentOf(signed: (typeof SIGNED)[number]): MemoryRegistry {
  const content = createMemoryRegistry();
  putBundle(content, REPOSITORY, IMAGE, bundle);
  if (signed === 'legacy') signLegacy(content, REPOSITORY, IMAGE, key);
  if (signed === 'fallback') putFallback(content, REPOSITORY, IMAGE, [good]);
  return content;
}

function endpointOf(pathname: string): Endpoint {
  const [kind, name = ''] = pathname.split('/').slice(-2);
  if (pathname === '/token') return 'token';
  if (kind === 'referrers') return 'referrers';
  if (kind === 'blobs') return 'blob';
  if (kind === 'tags') return 'tags';
  if (name.endsWith('.sig')) return 'sig';
  return name.startsWith('sha256-') ? 'fallback' : 'manifest';
}

function respond({ status, type, body, headers = {} }: Page, path: string): Response {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const filled = Object.entries(headers).map(([name, value]) => [
    name,
    value.replaceAll('{path}', path),
  ]);
  const all = {
    ...(type === undefined ? {} : { 'content-type': type }),
    ...Object.fromEntries(filled),
  };
  return new Response(text ?? null, { status, headers: all });
}

async function honest(content: MemoryRegistry, endpoint: Endpoint, name: string): Promise<Page> {
  const absent = { status: 404, type: 'application/json', body: NOT_FOUND };
  if (endpoint === 'referrers') return absent;
  if (endpoint === 'tags') {
    const tag = IMAGE.replace(':', '-');
    const has = async (one: string): Promise<boolean> =>
      (await content.manifest(REPOSITORY, one)) !== undefined;
    const signatures = [(await has(tag)) ? tag : [], (await has(`${tag}.sig`)) ? `${tag}.sig` : []];
    return { status: 200, body: { tags: ['v1', ...signatures.flat()] } };
  }
  if (endpoint === 'blob') {
    const digest: Digest = isDigest(name) ? name : IMAGE;
    const bytes = await content.blob(REPOSITORY, digest, 1e9);
    return bytes === undefined ? absent : { status: 200, body: Buffer.from(bytes).toString() };
  }
  const manifest = await content.manifest(REPOSITORY, name);
  if (manifest === undefined) return absent;
  const body = Buffer.from(manifest.bytes).toString();
  return { status: 200, type: manifest.mediaType, body };
}

/** Other hosts, and other places of this one, where redirects lead. */
function elsewhere({ host, pathname }: URL): Page | undefined {
  if (host === 'mirror.test') return MIRRORED;
  if (pathname === '/503') return { status: 503 };
  if (pathname === '/403') return { status: 403, type: 'text/html', body: '<html>' };
  const isPage = host !== HOST || pathname.startsWith('/ui/');
  return isPage ? { status: 200, type: 'text/html', body: '<html>' } : undefined;
}

interface Asked {
  readonly rule?: Partial<RegistryRule>;
  readonly paths?: string[];
}

async function ask(
  { odd }: Pick<OddAnswers, 'odd'>,
  signed: (typeof SIGNED)[number],
  { rule = {}, paths = [] }: Asked = {},
) {
  const content = contentOf(signed);
  const registry = createRegistry({
    registries: [{ host: HOST, plainHttp: false, auth: 'none', ...rule }],
    googleToken: async () => 'google-token',
    now: () => new Date('2026-11-22T05:00:00Z'),
    resolveHost: async () => ['93.184.216.34'],
    limits: { backoffMs: 0 },
    async fetch(input, init) {
      const url = new URL(input instanceof Request ? input.url : input.toString());
      const { pathname, searchParams } = url;
      paths.push(pathname);
      const there = elsewhere(url);
      if (there !== undefined) return respond(there, pathname);
      const endpoint = endpointOf(pathname);
      const authorization = new Headers(init?.headers).get('authorization');
      if (odd.token !== undefined && endpoint !== 'token' && authorization !== `Bearer ${TOKEN}`) {
        const challenge = `Bearer realm="https://${HOST}/token",service="s"`;
        return new Response(null, { status: 401, headers: { 'www-authenticate': challenge } });
      }
      const name = decodeURIComponent(pathname.split('/').at(-1) ?? '');
      const pages = odd[endpoint];
      const page = pages?.[Number(searchParams.get('page') ?? 1) - 1];
      return respond(page ?? (await honest(content, endpoint, name)), pathname);
    },
  });
  const verifier = createVerifier({ registry, keys: createKeyLoader(), now: Date.now });
  return verifier.verify({ repository: REPOSITORY, digest: IMAGE }, keyPolicy([key]));
}

async function outcomeOf(...args: Parameters<typeof ask>): Promise<string> {
  try {
    const verdict = await ask(...args);
    return verdict.status === 'untrusted' ? reasonsOf(verdict).join(' ') : verdict.status;
  } catch (error) {
    if (error instanceof CountersignError) return error.code;
    throw error;
  }
}

const rule = { referrers: 'tag' } as const;
const FAILING = ODD_ANSWERS.filter(
  ({ odd: { referrers, manifest }, expected }) =>
    referrers !== undefined && manifest === undefined && expected.legacy.startsWith('registry-'),
);
const ROWS = ODD_ANSWERS.flatMap((row) =>
  SIGNED.map((signed) => ({ ...row, signed, outcome: row.expected[signed] })),
);

describe('a registry that answers oddly', () => {
  it('is tried in more than sixty ways', () => {
    expect(ODD_ANSWERS.length).toBeGreaterThan(60);
    expect(new Set(ODD_ANSWERS.map(({ name }) => name)).size).toBe(ODD_ANSWERS.length);
  });

  it.each(ODD_ANSWERS.filter(({ odd }) => odd.referrers !== undefined))(
    'is not asked where the config says so: $name',
    async ({ odd }) => {
      const paths: string[] = [];
      const outcomes = SIGNED.map((signed) =>
        outcomeOf({ odd: { referrers: odd.referrers ?? [] } }, signed, { rule, paths }),
      );
      expect(await Promise.all(outcomes)).toEqual(['verified', 'verified', 'unsigned']);
      expect(paths.filter((path) => path.includes('/referrers/'))).toEqual([]);
    },
  );

  it.each(FAILING)('is a failure that names the way out: $name', async ({ odd }) => {
    await expect(ask({ odd }, 'legacy')).rejects.toThrow('referrers: tag');
  });

  it('is said how many entries of its list were left out', async () => {
    const entries = [good, null, {}, 'text'];
    const body = { schemaVersion: 2, manifests: entries };
    const verdict = await ask({ odd: { referrers: [{ status: 200, body }] } }, 'nothing');
    if (verdict.status !== 'verified') throw new Error(`is ${verdict.status}`);
    const [left] = verdict.candidates.filter(({ reason }) => reason === 'malformed');
    expect(left?.detail).toContain('3 entries');
  });

  it.each(ROWS)('$name; signed: $signed; ends as $outcome', async ({ outcome, signed, ...row }) => {
    expect(await outcomeOf(row, signed)).toBe(outcome);
  });
});
