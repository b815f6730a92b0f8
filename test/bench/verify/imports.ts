import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { NODE_BANNER } from '#infra/build/banner.ts';
import { runProcess } from '#test/e2e/tools/process.ts';

import { median, printTable } from '../measure.ts';

const RUNS = 9;
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TRUST = ['./shared/trust/verifier.ts', './shared/trust/keys.ts'];
const KEY = [...TRUST, '@sigstore/verify'];
const KEYLESS = ['./shared/trust/keyless-authority.ts', './shared/trust/trusted-root.ts', 're2js'];

const PARTS: readonly [string, readonly string[]][] = [
  ['nothing', []],
  ['zod, which every room has', ['zod']],
  ['the trust room', TRUST],
  ['… and what checks a key', KEY],
  ['… and what checks an Ed25519 key', [...KEY, '@noble/curves/ed25519.js']],
  ['… and what checks an identity', [...KEY, ...KEYLESS]],
];

/** What a process pays to load each part, bundled as the functions are: CPU time over a process that loads nothing. */
export async function benchImports(): Promise<void> {
  const outdir = await mkdtemp(join(tmpdir(), 'countersign-imports-'));
  try {
    const entries: string[] = [];
    for (const [at, [, modules]] of PARTS.entries()) {
      const name = `part-${at}`;
      await bundle(modules, outdir, name);
      entries.push(join(outdir, name, 'stdin.mjs'));
    }
    const samples = entries.map((): number[] => []);
    for (let run = 0; run < RUNS; run++) {
      for (const [at, entry] of entries.entries()) samples[at]?.push(await cpuTime(entry));
    }
    const medians = samples.map(median);
    const rows = PARTS.map(([name], at) => [
      name,
      ((medians[at] ?? 0) - (medians[0] ?? 0)).toFixed(0),
    ]);
    process.stdout.write('Imports, each bundled and in processes of their own\n');
    printTable([['CPU, ms', 'over nothing'], ...rows]);
  } finally {
    await rm(outdir, { recursive: true });
  }
}

async function bundle(modules: readonly string[], outdir: string, name: string): Promise<void> {
  const imports = modules.map((one, at) => `import * as m${at} from '${one}'; keep(m${at});`);
  const spent = 'const { user, system } = process.cpuUsage(); console.log((user + system) / 1000);';
  const contents = `function keep(it) { globalThis.kept = it; }\n${imports.join('\n')}\n${spent}`;
  await build({
    stdin: { contents, resolveDir: ROOT },
    outdir: join(outdir, name),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // As in the functions: what is imported lazily is not parsed until then.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    banner: { js: NODE_BANNER },
    logLevel: 'error',
  });
}

async function cpuTime(entry: string): Promise<number> {
  const { code, stdout, stderr } = await runProcess({ command: process.execPath, args: [entry] });
  if (code !== 0) throw new Error(`Import failed: ${stderr}`);
  return Number(stdout);
}
