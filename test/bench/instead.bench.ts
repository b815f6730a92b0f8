import { startCountedRegistry } from './fan-out/counted-registry.ts';
import type { BenchContext } from './frame/bench.ts';
import { type Figure, figureOf } from './frame/figure.ts';
import { openCosignProcesses } from './instead/cosign-processes.ts';
import type { VerifyResult, VerifyTask } from './instead/verify-process.ts';
import { type OwnProcess, startOwnProcess } from './process/own-process.ts';

const SIZES = { images: 9, clusters: [1, 100, 1_000], samples: 3 };
const QUICK = { images: 2, clusters: [1, 10], samples: 1 };

type Push = () => Promise<string>;
type Counted = VerifyResult & { readonly calls: number };
type Verify = (
  task: Pick<VerifyTask, 'references' | 'clusters' | 'shared'>,
) => Promise<VerifyResult>;

/** What an installation would take instead: a process of cosign for each image, or a verification in each cluster. */
export async function bench(context: BenchContext): Promise<readonly Figure[]> {
  const registry = await startCountedRegistry();
  const { host, publicKey } = registry;
  const module = new URL('instead/verify-process.ts', import.meta.url);
  const own: OwnProcess<VerifyTask, VerifyResult> = startOwnProcess(module);
  const verify: Verify = (task) => own.ask({ host, publicKey, ...task });
  const push: Push = async () => (await registry.push('configs/platform')).digest;
  async function count(run: () => Promise<VerifyResult>): Promise<Counted> {
    registry.reset();
    const result = await run();
    return { ...result, calls: registry.calls() };
  }
  try {
    return [
      ...(await besideCosign(publicKey, push, verify, context)),
      ...(await besideClusters(push, (task) => count(() => verify(task)), context)),
    ];
  } finally {
    await own.stop();
    await registry.close();
  }
}

/** Each image is new to both, and the process that verifies here is warm, as an instance is. Nothing without a cosign. */
async function besideCosign(
  publicKey: string,
  push: Push,
  verify: Verify,
  { say, quick }: BenchContext,
): Promise<readonly Figure[]> {
  const { images } = quick ? QUICK : SIZES;
  const cosign = await openCosignProcesses(publicKey).catch((error: unknown) => {
    process.stdout.write(`No comparison with cosign: ${String(error)}\n`);
  });
  if (cosign === undefined) return [];
  try {
    const ours: VerifyResult[] = [];
    const theirs: VerifyResult[] = [];
    await verify({ references: [await push()], clusters: 1, shared: true });
    for (let at = 0; at < images; at += 1) {
      say(`cosign, ${at + 1} of ${images}`);
      const reference = await push();
      ours.push(await verify({ references: [reference], clusters: 1, shared: true }));
      theirs.push(await cosign.verify(reference));
    }
    const figure = (what: string, pick: (one: VerifyResult) => number): Figure =>
      figureOf({
        what,
        unit: 'ms',
        ours: ours.map(pick),
        floor: { name: 'a process of cosign verify', samples: theirs.map(pick) },
      });
    return [
      figure('an image, wall', ({ wallMs }) => wallMs),
      figure('an image, CPU', ({ cpuMs }) => cpuMs),
    ];
  } finally {
    await cosign.close();
  }
}

/**
 * One image that is new, in so many clusters: looked at once for all, or by each for itself. Those share a process and its
 * connections here, so that a process or pod in each cluster costs more than this.
 */
async function besideClusters(
  push: Push,
  verify: (task: Parameters<Verify>[0]) => Promise<Counted>,
  { say, quick }: BenchContext,
): Promise<readonly Figure[]> {
  const { clusters: sizes, samples } = quick ? QUICK : SIZES;
  const figures: Figure[] = [];
  for (const clusters of sizes) {
    const once: Counted[] = [];
    const each: Counted[] = [];
    for (let at = 0; at < samples; at += 1) {
      say(`${clusters} clusters, ${at + 1} of ${samples}`);
      const references = [await push()];
      once.push(await verify({ references, clusters, shared: true }));
      each.push(await verify({ references, clusters, shared: false }));
    }
    const figure = (what: string, unit: 'ms' | 'calls', pick: (one: Counted) => number) =>
      figureOf({
        what: `${clusters} clusters, ${what}`,
        unit,
        ours: once.map(pick),
        floor: { name: 'a look in each', samples: each.map(pick) },
      });
    figures.push(
      figure('requests to the registry', 'calls', ({ calls }) => calls),
      figure('CPU', 'ms', ({ cpuMs }) => cpuMs),
    );
  }
  return figures;
}
