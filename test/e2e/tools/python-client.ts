import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Finished, runProcess } from './process.ts';
import { type Environment, toolFolders } from '#infra/local/real/tool-cache.ts';

const FOLDER = join(import.meta.dirname, 'python-client');
const REQUIREMENTS = join(FOLDER, 'requirements.txt');
const TIMEOUT_MS = 600_000;

/** Installs Python's client of Kubernetes into a folder of the cache that is named for its version; once. */
export async function installPythonClient(cache: string): Promise<string> {
  const folder = join(cache, await folderName());
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}.new`;
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary=:all:'];
  const args = [...pip, '--target', unfinished, '-r', REQUIREMENTS];
  const done = await runProcess({ command: 'python3', args, timeout: TIMEOUT_MS });
  if (done.code !== 0) throw new Error(`python3 ${args.join(' ')} failed: ${done.stderr}`);
  try {
    await rename(unfinished, folder);
  } catch (error) {
    // Another process was first, with the same files.
    await rm(unfinished, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Runs the calls of `python-client/calls.py` against a cluster. Throws where the client is not installed. */
export async function runPythonCalls(kubeconfig: string, env: Environment): Promise<Finished> {
  const name = await folderName();
  const found = toolFolders(env).map((cache) => join(cache, name));
  const folder = found.find((each) => existsSync(each));
  if (folder === undefined) throw new Error(`${name} was not found; get it with \`npm run tools\``);
  return runProcess({
    command: 'python3',
    args: [join(FOLDER, 'calls.py'), kubeconfig],
    env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
  });
}

async function folderName(): Promise<string> {
  const [, version = ''] = /^kubernetes==(\S+)$/m.exec(await readFile(REQUIREMENTS, 'utf8')) ?? [];
  return `python-client-${version}`;
}
