import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from './process.ts';
import { toolFolders } from './tool-cache.ts';

/** In this order: the small ones are of use while the large ones still build. */
const TOOLS = ['crane', 'oras', 'cosign2', 'cosign3'] as const;
/** A cosign on two cores, with nothing cached, downloads included. */
const BUILD_TIMEOUT_MS = 60 * 60 * 1000;

/** Builds the Go tools that the end-to-end tests run, each pinned by the go.mod and go.sum in its folder. */
async function buildTools(cache: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  for (const name of TOOLS) await buildTool(name, cache);
}

async function buildTool(name: string, cache: string): Promise<void> {
  const folder = join(import.meta.dirname, name);
  const goMod = await readFile(join(folder, 'go.mod'), 'utf8');
  const binary = join(cache, name);
  const stampFile = join(cache, `${name}.stamp`);
  const stamp = createHash('sha256').update(goMod).digest('hex');
  if (existsSync(binary) && (await readStamp(stampFile)) === stamp) {
    say(`${name}: up to date`);
  } else {
    say(`${name}: building`);
    const began = Date.now();
    await goBuild(folder, toolPackage(goMod, name), binary);
    await writeFile(stampFile, stamp);
    say(`${name}: built in ${Math.round((Date.now() - began) / 1000)} s`);
  }
  const check = await runProcess({ command: binary, args: ['version'] });
  if (check.code !== 0) throw new Error(`${name} does not run: ${check.stderr}`);
}

/** Built beside its final name and moved there, so that nobody runs half a binary. */
async function goBuild(folder: string, tool: string, binary: string): Promise<void> {
  const unfinished = `${binary}.${process.pid}.new`;
  const args = ['-n', '10', 'go', 'build', '-trimpath', '-ldflags=-s -w', '-o', unfinished, tool];
  const env = { CGO_ENABLED: '0' };
  const built = await runProcess({
    command: 'nice',
    args,
    cwd: folder,
    env,
    timeout: BUILD_TIMEOUT_MS,
  });
  if (built.code !== 0) throw new Error(`go build ${tool} failed: ${built.stderr}`);
  await rename(unfinished, binary);
}

function toolPackage(goMod: string, name: string): string {
  const found = /^tool (\S+)$/m.exec(goMod)?.[1];
  if (found === undefined) throw new Error(`${name}/go.mod has no "tool" line`);
  return found;
}

async function readStamp(path: string): Promise<string | undefined> {
  return existsSync(path) ? readFile(path, 'utf8') : undefined;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const [cache] = toolFolders(process.env);
await buildTools(cache);
say(`Tools are in ${cache}`);
