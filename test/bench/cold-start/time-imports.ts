import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { NODE_BANNER } from '#infra/build/bundle.ts';
import { PLUGINS } from '#infra/build/plugins.ts';
import { runProcess } from '#test/e2e/tools/process.ts';
import type { BenchContext } from '../frame/bench.ts';
import { type Figure, figureOf } from '../frame/figure.ts';
import { ROOT } from '../process/build-app.ts';

const RUNS = 9;
const TRUST = ['./shared/trust/verifier.ts', './shared/trust/keys.ts'];
const KEY = [...TRUST, '@sigstore/verify'];
const KEYLESS = ['./shared/trust/verify-keyless.ts', './shared/trust/trusted-root.ts', 're2js'];

/** What is loaded by each start, and what only by those who need it. */
const PARTS: readonly (readonly [string, readonly string[]])[] = [
  [
    'functions-framework',
    ['@google-cloud/functions-framework', '@google-cloud/functions-framework/testing'],
  ],
  ['Hono and its listener', ['hono', '@hono/node-server']],
  ['zod', ['zod']],
  ['the log', ['pino']],
  ['the config room', ['./shared/config/load-config.ts']],
  ['tokens of callers', ['./shared/http/check-caller.ts']],
  ['the registry room', ['./shared/registry/http-registry.ts', './shared/registry/resolve.ts']],
  ['the trust room', TRUST],
  ['the store room', ['./shared/store/sqlite-store.ts', './shared/store/firestore-store.ts']],
  ['the fleet room', ['./shared/fleet/hub-fleet.ts', './shared/fleet/kubeconfig-fleet.ts']],
  ['the reconcile room', ['./shared/reconcile/reconcile-cluster.ts']],
  ['lazy: what checks a key', KEY],
  ['lazy: … an Ed25519 key', [...KEY, './shared/trust/ed25519ph.ts']],
  ['lazy: … an identity', [...KEY, ...KEYLESS]],
  ['lazy: client-node', ['./shared/fleet/kubernetes.ts']],
  ['lazy: Pub/Sub', ['./shared/status/pubsub-client.ts']],
  ['lazy: Artifact Registry', ['@google-cloud/artifact-registry']],
  ['lazy: google-auth-library', ['google-auth-library']],
];

/** What a process pays to load each part, bundled as the functions are: CPU time over a process that loads nothing. */
export async function timeImports({ say, quick }: BenchContext): Promise<readonly Figure[]> {
  const outdir = await mkdtemp(join(tmpdir(), 'countersign-imports-'));
  try {
    const parts: { name: string; entry: string; samples: number[] }[] = [];
    for (const [at, [name, modules]] of [['nothing', []] as const, ...PARTS].entries()) {
      say(`bundling ${name}`);
      await bundle(modules, join(outdir, `part-${at}`));
      parts.push({ name, entry: join(outdir, `part-${at}`, 'stdin.mjs'), samples: [] });
    }
    for (let run = 0; run < (quick ? 1 : RUNS); run += 1) {
      say(`imports, ${run + 1}`);
      for (const { entry, samples } of parts) samples.push(await cpuTime(entry));
    }
    const [nothing, ...others] = parts;
    const over = (samples: readonly number[]): readonly number[] =>
      samples.map((one, at) => one - (nothing?.samples[at] ?? 0));
    return others.map(({ name, samples }) =>
      figureOf({ what: `import of ${name}, CPU`, unit: 'ms', ours: over(samples) }),
    );
  } finally {
    await rm(outdir, { recursive: true });
  }
}

async function bundle(modules: readonly string[], outdir: string): Promise<void> {
  const imports = modules.map((one, at) => `import * as m${at} from '${one}'; keep(m${at});`);
  const spent = 'const { user, system } = process.cpuUsage(); console.log((user + system) / 1000);';
  const contents = `function keep(it) { globalThis.kept = it; }\n${imports.join('\n')}\n${spent}`;
  await build({
    stdin: { contents, resolveDir: ROOT },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // As in the functions: what is imported lazily is not parsed until then.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    banner: { js: NODE_BANNER },
    plugins: PLUGINS,
    logLevel: 'error',
  });
}

async function cpuTime(entry: string): Promise<number> {
  const { code, stdout, stderr } = await runProcess({ command: process.execPath, args: [entry] });
  if (code !== 0) throw new Error(`Import failed: ${stderr}`);
  return Number(stdout);
}
