import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/countersign-tests', import.meta.url));

/** Every command that a test starts by Node finds its modules compiled, from the second run of any of them on. */
export function setup(): void {
  process.env['NODE_COMPILE_CACHE'] ??= CACHE;
}
