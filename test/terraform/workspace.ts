import { execFile, spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { NODE_BANNER } from '#infra/build/bundle.ts';
import { type ServedProvider, serveProvider } from './serve-provider.ts';
import { patiently } from '#test/patience.ts';

const ROOT = join(import.meta.dirname, '../..');
export const MODULE = join(ROOT, 'infra/terraform');
export const EXAMPLES = ['single-project', 'fleet-host', 'private-sigstore'] as const;
/** What the stand-in says that it is: the oldest that the module accepts. */
export const PROVIDER_VERSION = '7.21.0';
/** Plans of the whole module, one after the other, on a machine that does other things as well. */
const TIMEOUT_MS = patiently(600_000);

/** A plan as JSON has each resource several times. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A copy of the module to run Terraform in, so that nothing is left beside the sources. */
export interface Workspace {
  readonly module: string;
  example(name: string): string;
  terraform(folder: string, ...args: readonly string[]): Promise<Finished>;
  close(): Promise<void>;
}

/** What Terraform says of itself, in one line. Throws a text that says how to get it where it is not there. */
export function terraformVersion(): string {
  const { status, stdout } = spawnSync('terraform', ['version'], { encoding: 'utf8' });
  if (status === 0) return stdout.split('\n')[0] ?? '';
  throw new Error(
    'Terraform was not found, so that nothing of it was checked; install 1.11 or newer (https://developer.hashicorp.com/terraform/install)',
  );
}

/**
 * Opens a workspace. `provider`: `stand-in` serves the schema of hashicorp/google from this repository; `registry` lets
 * `terraform init` fetch the real one. `added` is added to its environment. Throws where Terraform is not there.
 */
export async function openWorkspace(
  provider: 'stand-in' | 'registry',
  added: Readonly<Record<string, string>> = {},
): Promise<Workspace> {
  terraformVersion();
  const folder = await mkdtemp(join(tmpdir(), 'countersign-terraform-'));
  const module = join(folder, 'module');
  const filter = (path: string): boolean => !/\.terraform/.test(path.slice(MODULE.length));
  await cp(MODULE, module, { recursive: true, filter });
  // Nothing of the user's: no credentials, no plugin cache, no checks for updates.
  const rc = join(folder, 'terraform.rc');
  await writeFile(rc, '');
  const own = { TF_CLI_CONFIG_FILE: rc, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' };
  // It lives for seconds: a fifth of its work is to collect garbage, at Go's default of 100.
  const env = { GOGC: '400', ...own, ...added };
  const init = ['init', '-backend=false', '-input=false', '-no-color'];
  const ready = new Set<string>();
  let served: ServedProvider | undefined;

  function run(cwd: string, args: readonly string[]): Promise<Finished> {
    const options = {
      cwd,
      env: { ...process.env, ...env, ...served?.env },
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: TIMEOUT_MS,
    };
    return new Promise((resolve, reject) => {
      const child = execFile('terraform', args, options, (error, stdout, stderr) => {
        if (error !== null && child.exitCode === null) {
          reject(new Error(`terraform ${args.join(' ')} did not end by itself`, { cause: error }));
        } else resolve({ code: child.exitCode ?? 1, stdout, stderr });
      });
    });
  }

  if (provider === 'stand-in') {
    const { stdout } = await run(module, ['providers', '-no-color']);
    const [, address] = /provider\[(\S+\/hashicorp\/google)\]/.exec(stdout) ?? [];
    if (address === undefined) throw new Error(`The module names no hashicorp/google: ${stdout}`);
    const { mirror, main } = await makeMirror(folder, address);
    init.push(`-plugin-dir=${mirror}`);
    served = await serveProvider(main, address, env);
  }
  return {
    module,
    example: (name) => join(module, 'examples', name),
    async terraform(cwd, ...args) {
      if (!ready.has(cwd)) {
        const { code, stderr } = await run(cwd, init);
        if (code !== 0) throw new Error(`terraform init failed: ${stderr}`);
        ready.add(cwd);
      }
      return run(cwd, args);
    },
    async close() {
      await served?.close();
      await rm(folder, { recursive: true });
    },
  };
}

/**
 * A mirror as `terraform init` reads it, with the stand-in as the only provider, at its full address; and the program of
 * the stand-in.
 */
async function makeMirror(
  folder: string,
  address: string,
): Promise<{ readonly mirror: string; readonly main: string }> {
  const mirror = join(folder, 'mirror');
  const platform = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const place = join(mirror, address, PROVIDER_VERSION, platform);
  const main = join(folder, 'provider', 'main.mjs');
  // One file, for Terraform starts it several times in each run.
  await build({
    entryPoints: [join(import.meta.dirname, 'provider/main.ts')],
    outfile: main,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: { js: NODE_BANNER },
    logLevel: 'error',
  });
  await cp(join(import.meta.dirname, 'schema.json'), join(folder, 'schema.json'));
  await mkdir(place, { recursive: true });
  const program = join(place, `terraform-provider-google_v${PROVIDER_VERSION}`);
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${main}'\n`);
  await chmod(program, 0o755);
  return { mirror, main };
}
