import { fileURLToPath } from 'node:url';
import { defined } from '#shared/core/defined.ts';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/countersign-tests', import.meta.url));

/** Every command that a test starts by Node finds its modules compiled, from the second run of any of them on. */
export function setup(): void {
  process.env['NODE_COMPILE_CACHE'] ??= CACHE;
}

/** The variable of it, for a child that gets no others of this process. */
export function compileCache(): Readonly<Record<string, string>> {
  return defined({ NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] });
}
