import { posix } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';

export const REQUIRES_RENDERING = 'configsync.gke.io/requires-rendering';

/** Names that Kustomize takes for its file. */
const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
/** Kustomizations within kustomizations. Ours. */
const DEPTH = 8;

const kustomizationSchema = z.looseObject({ resources: z.array(z.string()).default([]) });

/** What a source has for Kustomize: each path of it, and the text of its kustomizations. */
export interface Renderable {
  readonly paths: readonly string[];
  readonly kustomizations?: ReadonlyMap<string, string>;
}

/** Whether the file is one of Kustomize's. */
export function isKustomization(path: string): boolean {
  return KUSTOMIZATIONS.includes(posix.basename(path));
}

/** Whether anything below `dir` is for Kustomize, so that the source has to be rendered first. */
export function needsRendering({ paths }: Renderable, dir: string): boolean {
  return paths.some((path) => isKustomization(path) && isWithin(path, dir));
}

/**
 * The files that `resources` of the kustomization in `dir` name, through other kustomizations; nothing else that
 * Kustomize does is worked out here. Throws, saying why, where the real one fails because a file is missing.
 */
export function renderSource(source: Renderable, dir: string, depth = DEPTH): string[] {
  const found = KUSTOMIZATIONS.map((name) => posix.join(dir, name)).find((path) =>
    source.paths.includes(path),
  );
  if (found === undefined) throw new Error(`no kustomization file in ${dir}`);
  if (depth === 0) throw new Error(`kustomizations are nested too deeply in ${dir}`);
  const parsed = kustomizationSchema.safeParse(parse(source.kustomizations?.get(found) ?? ''));
  if (!parsed.success) throw new Error(`${found} is no kustomization`);
  return parsed.data.resources.flatMap((resource) => {
    const path = posix.join(dir, resource);
    const isFolder = source.paths.some((other) => other.startsWith(`${path}/`));
    if (isFolder) return renderSource(source, path, depth - 1);
    if (source.paths.includes(path)) return [path];
    throw new Error(`accumulating resources from '${resource}': no such file or directory`);
  });
}

/** Whether a path of the source is in `dir`, which is `.` for its root. */
export function isWithin(path: string, dir: string): boolean {
  return dir === '.' || path.startsWith(`${dir}/`);
}
