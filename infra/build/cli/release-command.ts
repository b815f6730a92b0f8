import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { bundle, functionEntries } from '../bundle.ts';
import { readSbom } from '../image/sbom.ts';
import { run } from '../image/run.ts';
import { bundleCommand, versionOf } from './bundle-command.ts';
import { makeExecutable } from './executable.ts';
import { packCommand } from './stage-package.ts';

interface ReleaseOptions {
  readonly root: string;
  readonly outdir: string;
  readonly commit: string;
  /** Also a single executable for this machine. */
  readonly executable: boolean;
}

/**
 * Makes what a release has of the command, in `outdir`: the one file, the package, an executable, the SBOM of them
 * all, and their checksums. Returns the names of the files.
 */
export async function releaseCommand(options: ReleaseOptions): Promise<readonly string[]> {
  const { root, outdir, commit, executable } = options;
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  const version = await versionOf(root);
  const release = { version, commit };
  const program = join(outdir, 'countersign.mjs');
  const { inputs } = await bundleCommand({ root, release, format: 'esm', outfile: program });
  const functions = join(outdir, 'functions');
  const functionInputs = await bundleFunctionsTo(root, functions);
  const files = [program, await packCommand({ root, outdir, version, functions })];
  await rm(functions, { recursive: true });
  if (executable) {
    const script = join(outdir, 'countersign.cjs');
    await bundleCommand({ root, release, format: 'cjs', outfile: script });
    files.push(await makeExecutable({ root, script, outdir }));
    await rm(script);
  }
  const sbom = join(outdir, 'countersign.spdx.json');
  await writeFile(sbom, await readSbom(root, [...Object.keys(inputs), ...functionInputs]));
  files.push(sbom);
  const lines = await Promise.all(
    files.map(async (file) => `${await hashOf(file)}  ${basename(file)}\n`),
  );
  await writeFile(join(outdir, 'SHA256SUMS'), lines.toSorted().join(''));
  return [...files.map((file) => basename(file)), 'SHA256SUMS'];
}

/** The functions, for the local world: together, for of a package the size matters. Returns what is in them. */
async function bundleFunctionsTo(root: string, outdir: string): Promise<readonly string[]> {
  const entries = Object.entries(await functionEntries(root));
  const named = Object.fromEntries(entries.map(([name, main]) => [`${name}/main`, main]));
  const { inputs } = await bundle(root, named, outdir);
  await writeFile(join(outdir, 'package.json'), '{"type":"module"}\n');
  // Half of the size, for stacks that only developers read, and they have the checkout.
  for (const name of await readdir(outdir, { recursive: true })) {
    if (name.endsWith('.js.map')) await rm(join(outdir, name));
  }
  return Object.keys(inputs);
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** The commit that is checked out; `unknown` where there is none to ask, as in a build from an archive. */
export async function commitOf(root: string): Promise<string> {
  try {
    return (await run('git', ['rev-parse', 'HEAD'], root)).trim();
  } catch {
    return 'unknown';
  }
}
