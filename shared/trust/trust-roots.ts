import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { CountersignError } from '#shared/core/errors.ts';
import type { TrustedRootSource, TufSource } from '#shared/core/policy.ts';
import { createSingleFlight, once } from '#shared/net/single-flight.ts';
import { isRefusal } from './candidate.ts';
import type { TrustRoot } from './trusted-root.ts';

/** Loads the root for the authority `owner`. Throws `bad-config` (a mounted one is none), `trust-root-unavailable`. */
export type TrustRootLoader = (source: TrustedRootSource, owner: string) => Promise<TrustRoot>;

export interface TrustRootDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The text of the public-good `trusted_root.json`, verified; absent: through TUF, cached in a folder of its own. */
  readonly fetchPublicGood?: () => Promise<string>;
  /** Where TUF keeps its metadata between starts; needs to be writable by this process alone. */
  readonly cacheDir?: string;
}

/** Sigstore announces new keys weeks before their first use. */
const REFRESH_AFTER_MS = 6 * 60 * 60_000;

/** How long a root that could not be refreshed is used; after it, revoked keys would go unnoticed. */
const USABLE_FOR_MS = 72 * 60 * 60_000;

/** After a failed refresh, while the older root still serves. */
const RETRY_AFTER_MS = 5 * 60_000;

/**
 * Makes a loader that builds each mounted root once, and fetches the others when they are first asked for.
 *
 * @example
 * const roots = createTrustRootLoader({ now });
 * const root = await roots('public-good', 'ci');
 */
export function createTrustRootLoader(deps: TrustRootDeps): TrustRootLoader {
  const { now, cacheDir } = deps;
  const { fetchPublicGood = createTufFetcher(cacheDir) } = deps;
  const loadPublicGood = createRefresher('public-good', now, fetchPublicGood);
  // Keyed by text from the config, so their size is the config's.
  const mounted = new Map<string, Promise<TrustRoot>>();
  const mirrored = new Map<string, (owner: string) => Promise<TrustRoot>>();

  return async function loadTrustRoot(source, owner) {
    if (source === 'public-good') return loadPublicGood(owner);
    if ('tuf' in source) {
      const { url, root, target } = source.tuf;
      const id = JSON.stringify([url, root, target]);
      const fetchText = createTufFetcher(cacheDir, source.tuf);
      const load = mirrored.get(id) ?? createRefresher(url, now, fetchText);
      mirrored.set(id, load);
      return load(owner);
    }
    const root =
      mounted.get(source.json) ?? build(source.json, 'bad-config', `authority "${owner}"`);
    mounted.set(source.json, root);
    return root;
  };
}

/** Keeps one root of TUF, called `whose`, fresh: fetched once however many ask, and used for a while without it. */
function createRefresher(
  whose: string,
  now: () => number,
  fetchText: () => Promise<string>,
): (owner: string) => Promise<TrustRoot> {
  type Held = { readonly root: TrustRoot; readonly fetchedAt: number; readonly dueAt: number };
  let held: Held | undefined;
  const join = createSingleFlight<Held>();

  async function fetchRoot(): Promise<Held> {
    const startedAt = now();
    const root = await build(await fetchText(), 'trust-root-unavailable', whose);
    return { root, fetchedAt: startedAt, dueAt: startedAt + REFRESH_AFTER_MS };
  }

  return async function load(owner) {
    if (held !== undefined && now() < held.dueAt) return held.root;
    try {
      held = await join(whose, fetchRoot);
    } catch (cause) {
      if (held === undefined || now() - held.fetchedAt > USABLE_FOR_MS)
        throw unavailable(cause, owner, whose);
      held = { ...held, dueAt: now() + RETRY_AFTER_MS };
    }
    return held.root;
  };
}

async function build(
  text: string,
  code: 'bad-config' | 'trust-root-unavailable',
  whose: string,
): Promise<TrustRoot> {
  // Only where a policy needs it: a policy of keys never loads the library's certificate code.
  const { buildTrustRoot } = await import('./trusted-root.ts');
  const root = buildTrustRoot(text);
  if (!isRefusal(root)) return root;
  throw new CountersignError(code, `Trusted root of ${whose} cannot be used: ${root.detail}`);
}

function unavailable(cause: unknown, owner: string, whose: string): CountersignError {
  const host = whose === 'public-good' ? 'tuf-repo-cdn.sigstore.dev' : new URL(whose).host;
  const fix = `allow https to ${host}, or mount a trusted_root.json`;
  const what = cause instanceof CountersignError ? cause.message : 'It cannot be fetched by TUF';
  const message = `No trusted root of ${whose} for authority "${owner}": ${what}; ${fix}`;
  return new CountersignError('trust-root-unavailable', message, { cause });
}

/** Per request, in milliseconds; the library repeats a failed one. */
const TIMEOUT_MS = 5000;
const RETRIES = 2;

/**
 * Makes a fetcher of the public-good `trusted_root.json`: updated by TUF from the root that the package holds, so that
 * neither the mirror nor the network can replace, freeze or roll it back; or, just so, of a root in a TUF repository of
 * one's own, from the root that the config names. Without `cacheDir` it makes a folder that no other user can have prepared.
 *
 * @example
 * const roots = createTrustRootLoader({ now, fetchPublicGood: createTufFetcher('/var/cache/tuf') });
 */
export function createTufFetcher(
  cacheDir: string | undefined,
  mirror?: TufSource,
): () => Promise<string> {
  const source = once(async () => {
    const folder = cacheDir ?? (await mkdtemp(joinPath(tmpdir(), 'countersign-tuf-')));
    if (mirror === undefined) return { cachePath: folder };
    // Another root or URL begins anew, in a folder of its own.
    const id = createHash('sha256').update(JSON.stringify([mirror.url, mirror.root]));
    const cachePath = joinPath(folder, `mirror-${id.digest('hex').slice(0, 32)}`);
    const rootPath = joinPath(cachePath, 'first-root.json');
    await mkdir(cachePath, { recursive: true, mode: 0o700 });
    await writeFile(rootPath, mirror.root);
    return { cachePath, rootPath, mirrorURL: mirror.url };
  });
  return async function fetchTrustedRoot() {
    // Only where a policy needs it: it costs more than all the rest of this room.
    const { initTUF } = await import('@sigstore/tuf');
    const options = { timeout: TIMEOUT_MS, retry: { retries: RETRIES } };
    const tuf = await initTUF({ ...(await source()), ...options });
    return tuf.getTarget(mirror?.target ?? 'trusted_root.json');
  };
}
