import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';

// How the command is installed: of a checkout. In what is packed, `infra/build/cli/installation.ts` is in place of
// this file.

/** Which release of the command runs. */
export interface Release {
  readonly version: string;
  /** The commit that it was built from; in a checkout the one that is checked out, `unknown` without git. */
  readonly commit: string;
}

/** What `countersign local` needs. */
export interface Places {
  /** Folder with a bundle of each function; undefined: there is none. */
  readonly bundles: string | undefined;
  /** Where files of the local world go that no option places. */
  readonly home: string;
  /** Folder with the command, where people have to put it into PATH first. */
  readonly launcher?: string;
}

const ROOT = join(import.meta.dirname, '..', '..', '..');
const Manifest = z.object({ version: z.string() });

/** Asks git for the commit. */
export async function readRelease(): Promise<Release> {
  const { version } = Manifest.parse(
    JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')),
  );
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', ROOT, 'rev-parse', 'HEAD']);
    return { version, commit: stdout.trim() };
  } catch {
    return { version, commit: 'unknown' };
  }
}

/** Where a build and a local world are. */
export function findPlaces(): Places {
  return {
    bundles: join(ROOT, 'dist'),
    home: join(ROOT, '.local'),
    launcher: join(ROOT, 'infra', 'bin'),
  };
}
