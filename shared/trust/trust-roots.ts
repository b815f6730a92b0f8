import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';

import { CountersignError } from '#shared/core/errors.ts';
import type { TrustedRootSource, TufSource } from '#shared/core/policy.ts';

import { createSingleFlight, once } from '#shared/net/single-flight.ts';

import { isRefusal } from './candidate.ts';
import type { TrustRoot } from './trusted-root.ts';

/**
 * Loads the trusted root of the authority `owner`. Throws `bad-config` (a mounted file that is no trusted root) and
 * `trust-root-unavailable` (the public-good root cannot be had).
 */
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

interface Held {
  readonly root: TrustRoot;
  readonly fetchedAt: number;
  /** When the next fetch is due. */
  readonly dueAt: number;
}

/**
 * Makes a loader that builds each mounted root once, and fetches the public-good root and those of mirrors when they are
 * first asked for.
 *
 * @example
 * const roots = createTrustRootLoader({ now });
 * const root = await roots('public-good', 'ci');
 */
export function createTrustRootLoader(deps: TrustRootDeps): TrustRootLoader {
  const { now, cacheDir } = deps;
  const loadPublicGood = createRefresher(
    'public-good',
    now,
    deps.fetchPublicGood ?? createFetcher(cacheDir),
  );
  // Keyed by text from the config, so their size is the config's.
  const mounted = new Map<string, Promise<TrustRoot>>();
  const mirrored = new Map<string, (owner: string) => Promise<TrustRoot>>();

  async function loadMirror(tuf: TufSource, owner: string): Promise<TrustRoot> {
    const id = JSON.stringify([tuf.url, tuf.root, tuf.target]);
    const load = mirrored.get(id) ?? createRefresher(tuf.url, now, createFetcher(cacheDir, tuf));
    mirrored.set(id, load);
    return load(owner);
  }

  return async function loadTrustRoot(source, owner) {
    if (source === 'public-good') return loadPublicGood(owner);
    if ('tuf' in source) return loadMirror(source.tuf, owner);
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

function createFetcher(cacheDir: string | undefined, mirror?: TufSource): () => Promise<string> {
  return mirror === undefined ? createPublicGood(cacheDir) : createTufMirror(cacheDir, mirror);
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

/** A repository to fetch from in place of the public-good one, with the root that its updates are verified from. */
export interface TufMirror {
  readonly mirrorURL: string;
  readonly rootPath: string;
}

/**
 * Makes a fetcher of the public-good `trusted_root.json`: updated by TUF from the root that the package holds, so that
 * neither the mirror nor the network can replace, freeze or roll it back. Without `cacheDir` it makes a folder that no
 * other user can have prepared.
 *
 * @example
 * const roots = createTrustRootLoader({ now: now, fetchPublicGood: createPublicGood('/var/cache/tuf') });
 */
export function createPublicGood(
  cacheDir: string | undefined,
  mirror?: TufMirror,
): () => Promise<string> {
  const folder = once(() => folderOf(cacheDir));
  return async function fetchPublicGood() {
    return fetchTarget({ ...mirror, cachePath: await folder() }, 'trusted_root.json');
  };
}

/**
 * Makes a fetcher of a trusted root in a TUF repository of one's own, updated from the root that the config names: what
 * TUF says of the public-good one holds here too. Another root or URL begins anew, in a folder of its own.
 */
function createTufMirror(
  cacheDir: string | undefined,
  { url, root, target }: TufSource,
): () => Promise<string> {
  const id = createHash('sha256')
    .update(JSON.stringify([url, root]))
    .digest('hex')
    .slice(0, 32);
  const folder = once(async () => {
    const path = joinPath(await folderOf(cacheDir), `mirror-${id}`);
    await mkdir(path, { recursive: true, mode: 0o700 });
    await writeFile(joinPath(path, 'first-root.json'), root);
    return path;
  });
  return async function fetchMirrored() {
    const cachePath = await folder();
    const rootPath = joinPath(cachePath, 'first-root.json');
    return fetchTarget({ mirrorURL: url, rootPath, cachePath }, target);
  };
}

async function folderOf(cacheDir: string | undefined): Promise<string> {
  return cacheDir ?? (await mkdtemp(joinPath(tmpdir(), 'countersign-tuf-')));
}

async function fetchTarget(
  from: Partial<TufMirror> & { readonly cachePath: string },
  target: string,
): Promise<string> {
  // Only where a policy needs it: it costs more than all the rest of this room.
  const { initTUF } = await import('@sigstore/tuf');
  const tuf = await initTUF({ ...from, timeout: TIMEOUT_MS, retry: { retries: RETRIES } });
  return tuf.getTarget(target);
}
