import { join } from 'node:path';
import { ROOT } from '../process/build-app.ts';
import { readImageEnv, readImageFlags } from '../process/image-env.ts';
import type { ServerCommand } from '../process/spawn-server.ts';

/**
 * The floor of every cold start, by the framework's own command line, as its documentation has it: neither bundled nor
 * cached, under the image's flags of V8.
 */
export async function helloWorld(): Promise<Omit<ServerCommand, 'port'>> {
  const framework = join(ROOT, 'node_modules', '@google-cloud', 'functions-framework');
  const source = join(import.meta.dirname, 'hello-world');
  const command = join(framework, 'build', 'src', 'main.js');
  return {
    args: [...(await readImageFlags()), command, '--target=hello', `--source=${source}`],
    env: await readImageEnv(),
    first: { method: 'GET', path: '/' },
  };
}
