/**
 * What CommonJS packages expect of their surroundings, Pub/Sub's among them: `require`, `__filename` and `__dirname`.
 * The names are our own, for a bundled package may bring the usual ones and collide.
 */
export const NODE_BANNER = [
  "import { createRequire as countersignCreateRequire } from 'node:module';",
  "import { dirname as countersignDirname } from 'node:path';",
  "import { fileURLToPath as countersignFileURLToPath } from 'node:url';",
  'const require = countersignCreateRequire(import.meta.url);',
  'const __filename = countersignFileURLToPath(import.meta.url);',
  'const __dirname = countersignDirname(__filename);',
].join('\n');
