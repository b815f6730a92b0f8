import { createHash } from 'node:crypto';
import type { Digest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { createRegistry, type RegistryDeps } from '#shared/registry/http-registry.ts';
import type { Registry, TagLister } from '#shared/registry/registry.ts';

export interface SeenRequest {
  readonly url: string;
  readonly authorization: string | null;
  readonly headers: Headers;
}

export interface Scripted {
  readonly registry: Registry & TagLister;
  readonly seen: readonly SeenRequest[];
}

type Script = (url: URL, request: SeenRequest) => Response | Promise<Response>;

export const NOW = new Date('2026-11-22T05:00:00.900Z');
export const DATE = 'Sun, 22 Nov 2026 04:59:58 GMT';

/** The real client over a script instead of a network; `registry.test` is configured, names are public. */
export function scripted(script: Script, overrides: Partial<RegistryDeps> = {}): Scripted {
  const seen: SeenRequest[] = [];
  const fetch: RegistryDeps['fetch'] = async (input, init) => {
    init?.signal?.throwIfAborted();
    const headers = new Headers(init?.headers);
    const url = input instanceof Request ? input.url : input.toString();
    const request = { url, authorization: headers.get('authorization'), headers };
    seen.push(request);
    return script(new URL(url), request);
  };
  const registry = createRegistry({
    fetch,
    registries: [{ host: 'registry.test', plainHttp: false, auth: 'none' }],
    googleToken: async () => 'google-token',
    now: () => NOW,
    resolveHost: async () => ['93.184.216.34'],
    ...overrides,
    limits: { backoffMs: 0, ...overrides.limits },
  });
  return { registry, seen };
}

export function sha256(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  const type = { 'content-type': 'application/json', date: DATE };
  return new Response(JSON.stringify(body), { status, headers: { ...type, ...headers } });
}

/** The 404 of a registry, in its own words. */
export function absent(code = 'MANIFEST_UNKNOWN'): Response {
  return json({ errors: [{ code, message: 'unknown' }] }, 404);
}

export function challenge(header: string): Response {
  return new Response(null, { status: 401, headers: { 'www-authenticate': header } });
}

/** The code of the failure that `promise` ends with; `none` when it succeeds. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await failureOf(promise);
  return error === undefined ? 'none' : error.code;
}

export async function failureOf(promise: Promise<unknown>): Promise<CountersignError | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof CountersignError) return error;
    throw error;
  }
}
