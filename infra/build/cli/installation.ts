import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

// What is packed has this in place of `functions/cli/about/installation.ts`.

// Written into the bundle.
declare const COUNTERSIGN_VERSION: string;
declare const COUNTERSIGN_COMMIT: string;

/** Which release this is. */
export async function readRelease(): Promise<{
  readonly version: string;
  readonly commit: string;
}> {
  return { version: COUNTERSIGN_VERSION, commit: COUNTERSIGN_COMMIT };
}

/** The package has the bundles beside the file; the file alone and the executable have none. */
export function findPlaces(): { readonly bundles: string | undefined; readonly home: string } {
  const bundles = join(dirname(realpathSync(process.argv[1] ?? '.')), 'functions');
  // Not `.local`, which in a home folder is for other programs.
  return { bundles: existsSync(bundles) ? bundles : undefined, home: resolve('.countersign') };
}
