import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFinalStage } from '#infra/build/image/assemble.ts';
import { ROOT } from './build-app.ts';

/** V8's flags and what else of the image's environment bears on speed. */
export async function readImageEnv(): Promise<Readonly<Record<string, string>>> {
  const dockerfile = await readFile(join(ROOT, 'infra', 'image', 'Dockerfile'), 'utf8');
  const { NODE_OPTIONS = '', NODE_ENV = '' } = readFinalStage(dockerfile).env;
  return { NODE_OPTIONS, NODE_ENV };
}
