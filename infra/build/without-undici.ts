import http from 'node:http';
import type { Plugin } from 'esbuild';

const NAMESPACE = 'node-http';

/** Everything but what Node computes when it is first asked for. */
const NAMES = Object.entries(Object.getOwnPropertyDescriptors(http))
  .filter(([, property]) => 'value' in property)
  .map(([name]) => name);

/**
 * Imports `node:http` without its WebSocket: an `import` statement of a module of Node's reads every one of its
 * exports, and those of this one load the whole of undici, which costs a start 30 ms, used or not. What CommonJS
 * packages require is not touched.
 */
export const withoutUndici: Plugin = {
  name: 'without-undici',
  setup(build) {
    // Nobody imports it where lazy-packages asks what an import expression leads to: that stays Node's.
    build.onResolve({ filter: /^(?:node:)?http$/ }, ({ kind, importer }) =>
      kind === 'import-statement' && importer !== ''
        ? { path: 'node:http', namespace: NAMESPACE }
        : null,
    );
    build.onLoad({ filter: /^node:http$/, namespace: NAMESPACE }, () => ({
      contents: [
        "const http = process.getBuiltinModule('node:http');",
        `export const { ${NAMES.join(', ')} } = http;`,
        'export default http;',
      ].join('\n'),
      loader: 'js',
    }));
  },
};
