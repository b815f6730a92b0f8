import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { initTUF } from '@sigstore/tuf';

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
