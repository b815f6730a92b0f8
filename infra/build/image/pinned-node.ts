import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/**
 * Of `bin/node` of Node 24.21.0 for Linux on x64, what Cloud Run runs. The lock file does not cover it: the package
 * `node` fetches the binary of its machine by name and version when it is installed.
 */
export const NODE_SHA256 = '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c';

/** Throws unless the file is the Node that this repository names. */
export async function checkNode(file: string, wanted: string = NODE_SHA256): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = hash.digest('hex');
  if (found === wanted) return;
  throw new Error(
    `${file} has the hash ${found} and not ${wanted}: build on linux/amd64, or, if Node was renewed, write its hash into infra/build/image/pinned-node.ts`,
  );
}
