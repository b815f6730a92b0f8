import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFinalStage } from '#infra/build/image/assemble.ts';
import { ROOT } from './build-app.ts';

/** V8's flags and what else of the image's environment bears on speed. */
export async function readImageEnv(): Promise<Readonly<Record<string, string>>> {
  const { NODE_OPTIONS = '', NODE_ENV = '' } = (await readStage()).env;
  return { NODE_OPTIONS, NODE_ENV };
}

/** The flags that stand in the image's entrypoint, between Node and what it runs. */
export async function readImageFlags(): Promise<readonly string[]> {
  return (await readStage()).entrypoint.slice(1, -1);
}

async function readStage(): Promise<ReturnType<typeof readFinalStage>> {
  return readFinalStage(await readFile(join(ROOT, 'infra', 'image', 'Dockerfile'), 'utf8'));
}
