import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bundle, bundleFunctions, START, functionEntries } from '#infra/build/bundle.ts';
import { COMPILE_CACHE, warmCache } from '#infra/build/image/stage-rootfs.ts';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The functions as the image has them, in a folder of their own: `dist` may be built anew meanwhile. */
export interface App {
  readonly dir: string;
  readonly bundles: readonly Bundle[];
  /** What makes Node use the compile cache, as the image's environment does. */
  readonly cached: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/** With `others`, by their names: what is bundled beside the functions and started as they are. */
export async function buildApp(others: Readonly<Record<string, string>> = {}): Promise<App> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-bench-app-'));
  const entries = { ...(await functionEntries(ROOT)), ...others };
  const bundles = await bundleFunctions({ root: ROOT, entries, start: START, outdir: dir });
  await warmCache({ node: process.execPath, app: dir, bundles, uid: process.getuid?.() ?? 0 });
  return {
    dir,
    bundles,
    cached: {
      NODE_COMPILE_CACHE: join(dir, COMPILE_CACHE),
      NODE_COMPILE_CACHE_PORTABLE: '1',
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
