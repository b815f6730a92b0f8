import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProcess } from './process.ts';

const REQUIREMENTS = join(import.meta.dirname, 'discovery', 'requirements.txt');
const DOCUMENTS = 'googleapiclient/discovery_cache/documents';
const TIMEOUT_MS = 600_000;

/**
 * Google's discovery documents, in a folder of the cache named for the version of the package that they come in. With
 * Python's own client, by version and hash; a second call finds them there.
 */
export async function fetchDiscovery(cache: string): Promise<string> {
  const [, version = ''] = /==(\S+)/.exec(await readFile(REQUIREMENTS, 'utf8')) ?? [];
  const folder = join(cache, `discovery-${version}`);
  if (existsSync(folder)) return folder;
  const work = await mkdtemp(join(tmpdir(), 'countersign-discovery-'));
  try {
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:'];
    await python(work, ...pip, '--require-hashes', '-r', REQUIREMENTS, '-d', work);
    const wheel = readdirSync(work).find((name) => name.endsWith('.whl')) ?? '';
    await python(work, '-m', 'zipfile', '-e', join(work, wheel), join(work, 'unpacked'));
    const unfinished = `${folder}.${process.pid}.new`;
    const moved = await runProcess({
      command: 'cp',
      args: ['-r', join(work, 'unpacked', DOCUMENTS), unfinished],
    });
    if (moved.code !== 0) throw new Error(`Discovery documents were not kept: ${moved.stderr}`);
    try {
      await rename(unfinished, folder);
    } catch (error) {
      // Another process was first, with the same files.
      await rm(unfinished, { recursive: true });
      if (!existsSync(folder)) throw error;
    }
    return folder;
  } finally {
    await rm(work, { recursive: true });
  }
}

async function python(cwd: string, ...args: readonly string[]): Promise<void> {
  const done = await runProcess({ command: 'python3', args, cwd, timeout: TIMEOUT_MS });
  if (done.code !== 0) throw new Error(`python3 ${args.join(' ')} failed: ${done.stderr}`);
}
