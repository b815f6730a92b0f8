import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

const NAMES = new Set(builtinModules.map((name) => name.replace(/^node:/, '')));
const IDENTIFIER = /^(?!default$)[A-Za-z_$][\w$]*$/;
/** For modules of this repository, and for those of packages, which may ask whether a function is there. */
const [CHECKED, PLAIN] = ['builtin-checked', 'builtin'];

/**
 * Looks the exports of Node's modules up when the module that imports them runs. Imported as statements, one that an
 * older Node lacks would keep the whole file from loading, and every module of Node's would be loaded at each start.
 * What is missing is a function that says so when it is called.
 */
export const builtins: Plugin = {
  name: 'builtins',
  setup(build) {
    build.onResolve({ filter: /^(?:node:)?[a-z_]+(?:\/[a-z]+)*$/ }, ({ path, kind, importer }) => {
      const name = path.replace(/^node:/, '');
      // Nothing imports it where lazy-packages asks what an import expression leads to: that stays Node's.
      if (kind !== 'import-statement' || importer === '') return undefined;
      if (!NAMES.has(name) && !NAMES.has(path)) return undefined;
      const ours = !/[/\\]node_modules[/\\]/.test(importer);
      return { path: `node:${name}`, namespace: ours ? CHECKED : PLAIN };
    });
    build.onLoad({ filter: /.*/, namespace: CHECKED }, ({ path }) => contentsOf(path, true));
    build.onLoad({ filter: /.*/, namespace: PLAIN }, ({ path }) => contentsOf(path, false));
  },
};

/** Each export is marked as pure, so that those that nothing imports are left out, and none of them is read. */
async function contentsOf(path: string, checked: boolean): Promise<{ contents: string }> {
  const found: object = await import(path);
  const names = Object.keys(found).filter((name) => IDENTIFIER.test(name));
  return {
    contents: [
      `const found = process.getBuiltinModule("${path}") ?? {};`,
      'const missing = (name) => function () {',
      `  throw new Error(\`\${name} of ${path} is not in Node \${process.versions.node}: run the command by a newer one\`);`,
      '};',
      ...names.map((name) => {
        const value = checked ? `found.${name} ?? missing("${name}")` : `found.${name}`;
        return `export const ${name} = /* @__PURE__ */ (() => ${value})();`;
      }),
      'export default found;',
    ].join('\n'),
  };
}
