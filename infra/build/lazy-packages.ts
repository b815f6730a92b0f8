import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import * as z from 'zod';

const Loading = z.object({ resolveDir: z.string(), file: z.string() });
const Manifest = z.object({ type: z.string().optional() });

const NAMESPACE = 'lazy-package';
/** Neither relative nor one of our own `#room/…` imports; Node's modules resolve as external. */
const BARE = /^[@a-zA-Z0-9]/;
const NAME = /^(?!__esModule$|default$)[A-Za-z_$][\w$]*$/;

/**
 * Gives `await import('package')` the same named exports in a bundle as in Node. Of a CommonJS package esbuild's chunk
 * exports but `default`, so that the others would be undefined, and only in production. Their names are those that
 * Node finds, by importing the package while building.
 */
export const lazyPackages: Plugin = {
  name: 'lazy-packages',
  setup(build) {
    build.onResolve({ filter: BARE }, async ({ path, kind, resolveDir, namespace }) => {
      if (kind !== 'dynamic-import' || namespace === NAMESPACE) return null;
      // As a statement, lest this same hook be asked again.
      const found = await build.resolve(path, { kind: 'import-statement', resolveDir });
      if (found.errors.length > 0 || found.external || !(await isCommonJs(found.path))) return null;
      return { path, namespace: NAMESPACE, pluginData: { resolveDir, file: found.path } };
    });
    build.onLoad({ filter: BARE, namespace: NAMESPACE }, async ({ path, pluginData }) => {
      const { resolveDir, file } = Loading.parse(pluginData);
      const exported: object = await import(pathToFileURL(file).href);
      const names = Object.keys(exported).filter((name) => NAME.test(name));
      const from = JSON.stringify(path);
      const contents = `export { ${names.join(', ')} } from ${from}; export default require(${from});`;
      return { contents, resolveDir };
    });
  },
};

async function isCommonJs(file: string): Promise<boolean> {
  if (/\.m[jt]s$/.test(file)) return false;
  const manifest = findPackageJSON(pathToFileURL(file));
  if (manifest === undefined) return false;
  return Manifest.parse(JSON.parse(await readFile(manifest, 'utf8'))).type !== 'module';
}
