import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchDiscovery } from './fetch-discovery.ts';
import { installPythonClient } from './python-client.ts';
import { runProcess } from './process.ts';
import { toolFolders } from '#infra/local/real/tool-cache.ts';

/** In this order: the small ones are of use while the large ones still build. */
const TOOLS = [
  'nomos-double',
  'tar-double',
  'reference-double',
  'kubeconfig-double',
  'crane',
  'oras',
  'oci-conformance',
  'oci-conformance-v1',
  'helm',
  'etcd',
  'cosign2',
  'cosign3',
  'kube-apiserver',
] as const;
/** How a tool says its version; the others know a command `version`. */
const VERSION_FLAG: ReadonlySet<string> = new Set(['etcd', 'kube-apiserver']);
/** Packages of tests, which are built as such. */
const TESTS: Readonly<Record<string, string>> = {
  'oci-conformance-v1': 'github.com/opencontainers/distribution-spec/conformance',
};
/** They test a registry, whatever they are asked. */
const WITHOUT_VERSION: ReadonlySet<string> = new Set(['oci-conformance', 'oci-conformance-v1']);
/** A cosign or kube-apiserver on two cores, with nothing cached, downloads included. */
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
  const stamp = createHash('sha256')
    .update(goMod)
    .update(await readOwnSources(folder))
    .digest('hex');
  if (existsSync(binary) && (await readStamp(stampFile)) === stamp) {
    say(`${name}: up to date`);
  } else {
    say(`${name}: building`);
    const began = Date.now();
    const tested = TESTS[name];
    const command = tested === undefined ? ['build'] : ['test', '-c'];
    const tool = tested ?? toolPackage(goMod, name);
    await goBuild({ folder, command, tool, flags: linkerFlags(goMod), binary });
    await writeFile(stampFile, stamp);
    say(`${name}: built in ${Math.round((Date.now() - began) / 1000)} s`);
  }
  if (WITHOUT_VERSION.has(name)) return;
  const args = [VERSION_FLAG.has(name) ? '--version' : 'version'];
  const check = await runProcess({ command: binary, args });
  if (check.code !== 0) throw new Error(`${name} does not run: ${check.stderr}`);
}

/** One tool is our own; of the others nothing but its go.mod is here. */
async function readOwnSources(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.go')).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.join('');
}

interface Build {
  readonly folder: string;
  /** Of `go`. */
  readonly command: readonly string[];
  readonly tool: string;
  readonly flags: string;
  readonly binary: string;
}

/** Built beside its final name and moved there, so that no test runs half a binary. */
async function goBuild(build: Build): Promise<void> {
  const { folder, command, tool, flags, binary } = build;
  const unfinished = `${binary}.${process.pid}.new`;
  const goArgs = [...command, '-trimpath', `-ldflags=${flags}`, '-o', unfinished, tool];
  const args = ['-n', '10', 'go', ...goArgs];
  const env = { CGO_ENABLED: '0' };
  const built = await runProcess({
    command: 'nice',
    args,
    cwd: folder,
    env,
    timeout: BUILD_TIMEOUT_MS,
  });
  if (built.code !== 0) throw new Error(`go ${command.join(' ')} ${tool} failed: ${built.stderr}`);
  await rename(unfinished, binary);
}

function toolPackage(goMod: string, name: string): string {
  const found = /^tool (\S+)$/m.exec(goMod)?.[1];
  if (found === undefined) throw new Error(`${name}/go.mod has no "tool" line`);
  return found;
}

/** An API server answers its version at `/version`, and has it from the linker alone. */
function linkerFlags(goMod: string): string {
  const found = /^\s*(?:require )?k8s\.io\/kubernetes v(\d+)\.(\d+)\.(\d+)/m.exec(goMod);
  const [, major, minor, patch] = found ?? [];
  const at = '-X k8s.io/component-base/version';
  return major === undefined
    ? '-s -w'
    : `-s -w ${at}.gitMajor=${major} ${at}.gitMinor=${minor} ${at}.gitVersion=v${major}.${minor}.${patch}`;
}

async function readStamp(path: string): Promise<string | undefined> {
  return existsSync(path) ? readFile(path, 'utf8') : undefined;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const [cache] = toolFolders(process.env);
await buildTools(cache);
say(`Google's discovery documents are in ${await fetchDiscovery(cache)}`);
say(`Python's client is in ${await installPythonClient(cache)}`);
say(`Tools are in ${cache}`);
