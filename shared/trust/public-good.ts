import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { initTUF } from '@sigstore/tuf';

import type { TufSource } from '#shared/core/policy.ts';

/** A repository to fetch from in place of the public-good one, with the root that its updates are verified from. */
export interface TufMirror {
  readonly mirrorURL: string;
  readonly rootPath: string;
}

/** Per request, in milliseconds; the library repeats a failed one. */
const TIMEOUT_MS = 5000;
const RETRIES = 2;

/**
 * Makes a fetcher of the public-good `trusted_root.json`: updated by TUF from the root that the package holds, so that
 * neither the mirror nor the network can replace, freeze or roll it back. Without `cacheDir` it makes a folder that no
 * other user can have prepared.
 */
export function createPublicGood(
  cacheDir: string | undefined,
  mirror?: TufMirror,
): () => Promise<string> {
  let cachePath = cacheDir;
  return async function fetchPublicGood() {
    cachePath ??= await mkdtemp(join(tmpdir(), 'countersign-tuf-'));
    const retry = { retries: RETRIES };
    const tuf = await initTUF({ ...mirror, cachePath, timeout: TIMEOUT_MS, retry });
    return tuf.getTarget('trusted_root.json');
  };
}

/**
 * Makes a fetcher of a trusted root in a TUF repository of one's own, updated from the root that the config names: what
 * TUF says of the public-good one holds here too. Another root or URL begins anew, in a folder of its own.
 */
export function createTufMirror(
  cacheDir: string | undefined,
  { url, root, target }: TufSource,
): () => Promise<string> {
  const id = createHash('sha256')
    .update(JSON.stringify([url, root]))
    .digest('hex')
    .slice(0, 32);
  let folder: Promise<string> | undefined;
  async function prepare(): Promise<string> {
    const base = cacheDir ?? (await mkdtemp(join(tmpdir(), 'countersign-tuf-')));
    const path = join(base, `mirror-${id}`);
    await mkdir(path, { recursive: true, mode: 0o700 });
    await writeFile(join(path, 'first-root.json'), root);
    return path;
  }
  return async function fetchMirrored() {
    folder ??= prepare();
    const cachePath = await folder;
    const rootPath = join(cachePath, 'first-root.json');
    const retry = { retries: RETRIES };
    const tuf = await initTUF({ mirrorURL: url, rootPath, cachePath, timeout: TIMEOUT_MS, retry });
    return tuf.getTarget(target);
  };
}
