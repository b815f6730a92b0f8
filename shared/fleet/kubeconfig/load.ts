import { readdir, readFile, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { badFile, mergeKubeconfigs, readKubeconfig } from './read-kubeconfig.ts';
import type { Kubeconfig } from './schema.ts';

/** What the kubeconfigs of a fleet are now. */
export interface Loaded {
  /** By the name of the context, in their order: the kubeconfig that it is of. */
  readonly contexts: ReadonlyMap<string, Kubeconfig>;
  /** Another one is read when this has changed. */
  readonly stamp: string;
}

/** A file of a fleet with its stamp. */
interface Found {
  readonly path: string;
  readonly stamp: string;
}

/** Read together, as one kubeconfig. */
type Group = readonly Found[];

/** More than a fleet has; a folder that holds more was named by mistake. */
const MAX_FILES = 2_000;

/**
 * The stamp of the files that `paths` names now: it changes with each of them. Throws `bad-config` where there is none.
 */
export async function stampOf(paths: string): Promise<string> {
  return stampOfGroups(await findGroups(paths));
}

/**
 * Reads the kubeconfigs that `paths` names, as `KUBECONFIG` does: files by colons, read as one, of which those that are
 * missing are passed over. A folder is one kubeconfig for each of its files, whose names mean nothing to each other.
 * Throws `bad-config` that names the file.
 *
 * @example
 * const { contexts } = await loadKubeconfigs('/etc/countersign/kubeconfigs');
 */
export async function loadKubeconfigs(paths: string): Promise<Loaded> {
  const groups = await findGroups(paths);
  const contexts = new Map<string, Kubeconfig>();
  for (const group of groups) {
    const config = mergeKubeconfigs(await Promise.all(group.map(({ path }) => readOne(path))));
    for (const name of config.contexts.keys()) {
      if (contexts.has(name)) {
        const where = group.map(({ path }) => path).join(', ');
        const problem = `has a context ${JSON.stringify(name)}, as another file has; rename one of them`;
        throw badFile(where, problem);
      }
      contexts.set(name, config);
    }
  }
  if (contexts.size === 0) throw badFile(paths, 'has no contexts');
  return { contexts, stamp: stampOfGroups(groups) };
}

async function readOne(path: string): Promise<Kubeconfig> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw badFile(path, 'cannot be read; check fleet.kubeconfig.path', cause);
  });
  return readKubeconfig(path, text);
}

async function findGroups(paths: string): Promise<readonly Group[]> {
  const files: Found[] = [];
  const folders: Found[] = [];
  const named = paths.split(delimiter).filter((path) => path !== '');
  for (const path of named) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue;
    if (found.isDirectory()) folders.push(...(await listFolder(path)));
    else files.push({ path, stamp: stampOfFile(found) });
  }
  const groups = [...(files.length > 0 ? [files] : []), ...folders.map((file) => [file])];
  if (groups.length === 0) throw badFile(paths, 'is not there; check fleet.kubeconfig.path');
  if (groups.length > MAX_FILES) throw badFile(paths, `has more than ${MAX_FILES} files`);
  return groups;
}

/** The files of a folder but for hidden ones, such as those that Kubernetes mounts a Secret by. */
async function listFolder(folder: string): Promise<readonly Found[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).toSorted();
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const stats = await stat(path).catch(() => undefined);
      return stats?.isFile() === true ? [{ path, stamp: stampOfFile(stats) }] : [];
    }),
  );
  return found.flat();
}

function stampOfFile({ ino, size, mtimeMs }: Awaited<ReturnType<typeof stat>>): string {
  return `${ino} ${size} ${mtimeMs}`;
}

function stampOfGroups(groups: readonly Group[]): string {
  return JSON.stringify(groups);
}
