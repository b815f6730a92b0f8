import type { LocalCluster } from '../local-world/clusters.ts';
import { type Descriptor, pushImage, signBundle } from '../images/push-image.ts';
import { readSync, SEEDED_SYNCS } from '../local-world/syncs.ts';
import { type Act, type Scene, openImage, release, until, untilReported } from './scene.ts';
import type { Received } from './screen.ts';

/** The image that is rolled out in stages. */
const [ROOT_SYNC] = SEEDED_SYNCS;
const CONTENT = '{apiVersion: v1, kind: Namespace, metadata: {name: platform}}\n';
/** Config Sync of the local world fails to apply what has a file of this name. */
const FAULT_FILE = 'fail.yaml';
const WHO_PAUSES = 'The release manager wants to look at the canary first';

/** Signed, then tagged: the canary takes it, then the early ones, then the rest, each after the soak of the one before. */
export async function rollOut(scene: Scene): Promise<Act> {
  const { screen, world } = scene;
  const { reference } = openImage(world, ROOT_SYNC);
  screen.say(`Push ${reference}, signed first as cosign 3 does: it is rolled out in stages`);
  const image = await pushSigned(scene, { file: 'namespace.yaml', content: CONTENT });
  const act = await release(scene, ROOT_SYNC, image, () => image.tag());
  requireInTurn(scene, image.digest);
  return act;
}

/** One that Config Sync cannot apply: it fails on the canary, and no other cluster ever gets it. */
export async function haltAtCanary(scene: Scene): Promise<void> {
  const { screen, world } = scene;
  const { reference } = openImage(world, ROOT_SYNC);
  screen.say(`Push the next ${reference}, signed, which cannot be applied`);
  const before = await Promise.all(world.clusters.map(({ url }) => readSync(url, ROOT_SYNC)));
  const image = await pushSigned(scene, { file: FAULT_FILE, content: CONTENT });
  await image.tag();
  await untilReported(scene, 'rollout.halted', image.digest);
  for (const [index, { name, url }] of world.clusters.entries()) {
    const { approved, live } = await readSync(url, ROOT_SYNC);
    const hasIt = approved.includes(image.digest);
    if (index === 0) continue;
    if (hasIt || live !== before[index]?.live) throw new Error(`${name} got what had failed`);
  }
  screen.say('Halted: the canary alone has it; every other cluster runs what it ran');
}

/** The fix takes its place, is paused by a person on its way, and goes on when they say so. */
export async function pauseAndResume(scene: Scene): Promise<Act> {
  const { screen, world } = scene;
  const { reference } = openImage(world, ROOT_SYNC);
  screen.say(`Push the fix of ${reference}, signed`);
  const image = await pushSigned(scene, { file: 'namespace.yaml', content: `# Fix\n${CONTENT}` });
  const act = await release(scene, ROOT_SYNC, image, async () => {
    await image.tag();
    const { id = '' } = await untilReported(scene, 'rollout.started', image.digest);
    await untilReported(scene, 'sync.approved', image.digest);
    screen.say('Pause it');
    await decide(scene, id, 'pause', WHO_PAUSES);
    // What was tasked before the pause is done by the end of the next sweep.
    await untilSwept(scene);
    const without = await clustersWithout(image, world.clusters);
    await untilSwept(scene);
    await requireWithout(image, without);
    screen.say('Paused: no further cluster gets it, whatever is pushed');
    screen.say('Resume it');
    await decide(scene, id, 'resume', 'The canary looks well');
  });
  requireInTurn(scene, image.digest);
  return act;
}

/**
 * Throws where a cluster got the digest before the stage before its own had passed. The end of a stage is published before
 * it is recorded, and recorded before anything is approved by it; that a cluster is live may be published later.
 */
function requireInTurn({ world, received }: Scene, digest: string): void {
  const first = (isIt: (one: Received) => boolean): number =>
    Math.min(...received.flatMap((one) => (one.digest === digest && isIt(one) ? [+one.at] : [])));
  const [, early, ...rest] = world.clusters;
  if (early === undefined) throw new Error('The world has no stages');
  const turns = [['canary', early] as const, ...rest.map((later) => ['early', later] as const)];
  for (const [stage, { name }] of turns) {
    const passed = first((one) => one.type === 'rollout.stage.passed' && one.stage === stage);
    const approved = first((one) => one.type === 'sync.approved' && one.cluster === name);
    if (approved > passed) continue;
    throw new Error(`${name} got ${digest} before stage ${stage} had passed`);
  }
}

/** Signs an image that only its digest names; `tag` then pushes it under the tag that clusters follow. */
async function pushSigned(
  { world, key }: Scene,
  content: { readonly file: string; readonly content: string },
): Promise<Descriptor & { tag(): Promise<unknown> }> {
  const { repository, tag } = openImage(world, ROOT_SYNC);
  const image = await pushImage(repository, content);
  await signBundle({ repository, image, key });
  return { ...image, tag: () => pushImage(repository, { ...content, tag }) };
}

/** As `countersign rollout pause` does. */
async function decide(
  { world }: Scene,
  id: string,
  did: 'pause' | 'resume',
  reason: string,
): Promise<void> {
  const api = world.functions.get('api')?.url;
  const response = await fetch(`${api}/v1/rollouts/${id}/${did}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason }),
  });
  if (response.ok) return;
  throw new Error(`The API answered ${response.status} to ${did}: ${await response.text()}`);
}

/** Waits for the end of a sweep. */
async function untilSwept(scene: Scene): Promise<void> {
  const count = (): number =>
    scene.received.filter(({ type }) => type === 'sweep.completed').length;
  const before = count();
  await until(
    scene,
    () => 'No sweep was reported in time',
    () => count() > before,
  );
}

async function clustersWithout(
  { digest }: Pick<Descriptor, 'digest'>,
  clusters: readonly LocalCluster[],
): Promise<LocalCluster[]> {
  const syncs = await Promise.all(clusters.map(({ url }) => readSync(url, ROOT_SYNC)));
  return clusters.filter((_, at) => syncs[at]?.approved.includes(digest) === false);
}

async function requireWithout(
  { digest }: Pick<Descriptor, 'digest'>,
  clusters: readonly LocalCluster[],
): Promise<void> {
  for (const { name, url } of clusters) {
    const { approved } = await readSync(url, ROOT_SYNC);
    if (approved.includes(digest)) throw new Error(`${name} got ${digest} while it was paused`);
  }
}
