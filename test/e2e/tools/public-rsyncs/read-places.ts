import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import { runProcess } from '../process.ts';
import { readManifests } from './read-manifests.ts';

const place = z.object({
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  commit: z.hash('sha1'),
  paths: z.array(z.string()).min(1),
});
const places = z.object({ crds: place, manifests: z.array(place) });
type Place = z.infer<typeof place>;

export interface PublicManifest {
  /** `OWNER/NAME/PATH`, and which one of that file. */
  readonly from: string;
  readonly manifest: RSyncManifest;
}

export interface PublicRSyncs {
  /** Config Sync's own CRDs, as YAML. */
  readonly crds: readonly string[];
  /** No two are equal: people copy. */
  readonly manifests: readonly PublicManifest[];
}

/**
 * Reads what `places.json` names out of a folder with a clone of each repository: `git clone
 * https://github.com/OWNER/NAME FOLDER/OWNER/NAME`. A clone that is not there, or lacks the commit, is an error.
 */
export async function readPublicRSyncs(folder: string): Promise<PublicRSyncs> {
  const text = await readFile(join(import.meta.dirname, 'places.json'), 'utf8');
  const { crds, manifests } = places.parse(JSON.parse(text));
  const seen = new Set<string>();
  const found: PublicManifest[] = [];
  for (const one of manifests) {
    for (const [path, content] of await readFiles(folder, one)) {
      for (const [at, manifest] of readManifests(content).entries()) {
        const whole = JSON.stringify(manifest);
        if (seen.has(whole)) continue;
        seen.add(whole);
        found.push({ from: `${one.repository}/${path} #${at + 1}`, manifest });
      }
    }
  }
  const own = await readFiles(folder, crds);
  return { crds: own.map(([, content]) => content), manifests: found };
}

async function readFiles(
  folder: string,
  { repository, commit, paths }: Place,
): Promise<[path: string, content: string][]> {
  return Promise.all(
    paths.map(async (path): Promise<[string, string]> => {
      const args = ['-C', join(folder, repository), 'show', `${commit}:${path}`];
      const { code, stdout, stderr } = await runProcess({ command: 'git', args });
      if (code !== 0) throw new Error(`${repository} at ${commit} has no ${path}: ${stderr}`);
      return [path, stdout];
    }),
  );
}
