import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Environment, toolFolders } from './tool-cache.ts';

/** Tools that come with the machine, and the package that Debian has them in. */
const DEBIAN_PACKAGES: Readonly<Record<string, string>> = {
  'docker-registry': 'docker-registry',
  prometheus: 'prometheus',
  skopeo: 'skopeo',
};

/**
 * The path of a real tool: from a folder that `npm run tools` fills, else from `KUBEBUILDER_ASSETS` (where others
 * keep etcd and kube-apiserver), else from PATH. Throws an error that says how
 * to get it: a test that needs a tool fails without it, it never passes by doing nothing.
 */
export function findTool(name: string, env: Environment = process.env): string {
  const elsewhere = [env['KUBEBUILDER_ASSETS'] ?? '', ...(env['PATH'] ?? '').split(delimiter)];
  const folders = [...toolFolders(env), ...elsewhere.filter(Boolean)];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(`Tool "${name}" was not found; get it with ${remedy(name)}`);
}

function remedy(name: string): string {
  const debian = DEBIAN_PACKAGES[name];
  return debian === undefined ? '`npm run tools`' : `\`apt-get install ${debian}\``;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
