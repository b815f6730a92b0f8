import { createRegistry } from '#shared/registry/http-registry.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import {
  type CosignWorld,
  FORMS,
  openCosignWorld,
  PLAIN_HTTP,
} from '#test/e2e/tools/cosign-world.ts';

import { type Figure, figureOf } from '../frame/figure.ts';
import { measure } from '../frame/measure.ts';

const RUNS = 9;

/** The same signed images by HTTP: in our process, and by a process of `cosign verify`. Says so where there is none. */
export async function benchCosign(): Promise<readonly Figure[]> {
  const world = await openWorld();
  if (world === undefined) return [];
  try {
    const figures: Figure[] = [];
    for (const form of FORMS) {
      const { repository, digest } = await world.pushIndex();
      await world.sign(form, 'release', `${repository}@${digest}`);
      const [ours = []] = await measure(await createOurs(world, repository, digest));
      const samples = await timeCosign(world, `${repository}@${digest}`);
      const floor = { name: 'a process of cosign verify', samples };
      figures.push(figureOf({ what: `${form.form} by HTTP`, unit: 'ms', ours, floor }));
    }
    return figures;
  } finally {
    await world.close();
  }
}

async function openWorld(): Promise<CosignWorld | undefined> {
  try {
    return await openCosignWorld();
  } catch (error) {
    process.stdout.write(`No comparison with cosign: ${String(error)}\n`);
    return undefined;
  }
}

async function createOurs(
  world: CosignWorld,
  repository: string,
  digest: `sha256:${string}`,
): Promise<() => Promise<void>> {
  const policy = await world.policyFor('release');
  const host = world.hosts.embedded;
  const registry = createRegistry({
    fetch,
    registries: [{ host, plainHttp: true, auth: 'none' }],
    now: () => new Date(),
    googleToken: () => Promise.reject(new Error('no Google here')),
  });
  const keys = createKeyLoader();
  return async () => {
    const verifier = createVerifier({ registry, keys, now: Date.now });
    const { status } = await verifier.verify({ repository, digest }, policy);
    if (status !== 'verified') throw new Error(`Verdict is ${status}`);
  };
}

async function timeCosign(world: CosignWorld, reference: string): Promise<readonly number[]> {
  const args = [
    'verify',
    '--key=release.pub',
    '--insecure-ignore-tlog=true',
    PLAIN_HTTP,
    reference,
  ];
  const samples: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now();
    const { code, stderr } = await world.attempt('cosign3', args);
    if (code !== 0) throw new Error(`cosign verify failed: ${stderr}`);
    samples.push(performance.now() - began);
  }
  return samples;
}
