import { chmod, copyFile, mkdir, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Bundle, bundleFunctions } from '../bundle.ts';
import { START, functionEntries } from '../entries.ts';
import { checkNode } from './pinned-node.ts';
import { run } from './run.ts';
import { imageSbom } from './sbom.ts';
import { warmCache } from './warm-cache.ts';

/** `nonroot` of distroless, as in the Dockerfile. */
export const IMAGE_USER = 65_532;

const Meta = z.object({ inputs: z.record(z.string(), z.unknown()) });
/** Everybody may read and nobody may write: it all belongs to root. */
const [FILE_MODE, PROGRAM_MODE] = [0o644, 0o755];

/**
 * Lays out what the image has beside its base, in `<out>/rootfs`: `/nodejs/bin/node`, and in `/app` the bundles with
 * their maps, the compile cache and the SBOM. The same sources in the same place give the same bytes, modes and times.
 */
export async function stageRootfs(root: string, out: string): Promise<readonly Bundle[]> {
  const rootfs = join(out, 'rootfs');
  const app = join(rootfs, 'app');
  const node = join(rootfs, 'nodejs', 'bin', 'node');
  await rm(rootfs, { recursive: true, force: true });
  await mkdir(join(rootfs, 'nodejs', 'bin'), { recursive: true });
  await copyFile(join(root, 'node_modules', 'node', 'bin', 'node'), node);
  await checkNode(node);
  await chmod(node, PROGRAM_MODE);
  const entries = await functionEntries(root);
  const bundles = await bundleFunctions({ root, entries, start: START, outdir: app });
  await writeFile(join(app, 'sbom.spdx.json'), await readSbom(root, join(app, 'meta.json')));
  await rm(join(app, 'meta.json'));
  await warmCache({ node, app, functions: Object.keys(entries), uid: IMAGE_USER });
  await settle(rootfs, node);
  return bundles;
}

async function readSbom(root: string, metaFile: string): Promise<string> {
  const args = ['sbom', '--sbom-format=spdx', '--package-lock-only'];
  const installed: unknown = JSON.parse(await run('npm', args, root));
  const { inputs } = Meta.parse(JSON.parse(await readFile(metaFile, 'utf8')));
  return `${JSON.stringify(imageSbom(installed, Object.keys(inputs)), undefined, 1)}\n`;
}

/** Modes and times that do not tell who built it, and when. */
async function settle(folder: string, program: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await settle(path, program);
    else await chmod(path, path === program ? PROGRAM_MODE : FILE_MODE);
    await utimes(path, 0, 0);
  }
  await chmod(folder, PROGRAM_MODE);
  await utimes(folder, 0, 0);
}
