import { pushImage, signBundle, signLegacy } from '../images/push-image.ts';
import { readSync, type SyncState, SEEDED_SYNCS } from '../local-world/syncs.ts';
import { type Act, type Scene, openImage, release, until, untilAll } from './scene.ts';
import { type Row, SHORT_DIGEST } from './screen.ts';

/** The image that goes to every cluster at once. */
const [, REPO_SYNC] = SEEDED_SYNCS;
/** Config Sync's code for what the gate refused (docs/facts/config-sync.md#image-to-sync). */
const REFUSED = '2002';
const FILE = 'namespace.yaml';
const CONTENT = '{apiVersion: v1, kind: Namespace, metadata: {name: demo}}\n';

/** Before the first push each RSync follows a tag that is absent, which is one WARNING a tag; its image ends that. */
export async function beforeAnyPush(scene: Scene): Promise<void> {
  const { screen, world, received } = scene;
  screen.say('Nothing is pushed yet: each tag that clusters follow is reported as absent, once');
  for (const seed of SEEDED_SYNCS) {
    const { repository, reference } = openImage(world, seed);
    await until(
      scene,
      () => `${reference} was not reported as absent in time`,
      () => received.some((one) => one.type === 'image.unusable' && one.image === repository.name),
    );
  }
}

/** A tag pushed before its signature: held everywhere, until the signature's own event resumes it. */
export async function pushThenSign(scene: Scene): Promise<Act> {
  const { screen, world, key } = scene;
  const { repository, reference, tag } = openImage(world, REPO_SYNC);
  screen.say(`Push ${reference}, unsigned`);
  const image = await pushImage(repository, { file: FILE, content: CONTENT, tag });
  await untilAll(scene, REPO_SYNC, 'held', ({ row, state }) => {
    if (state.approved.length > 0 || state.live !== undefined) throw tooEarly(row);
    return row.phase === 'Pending' && state.sourceErrors.includes(REFUSED);
  });
  screen.say(`Held: the gate refuses it to Config Sync in every cluster (KNV${REFUSED})`);
  screen.say(
    `Sign ${image.digest.slice(0, SHORT_DIGEST)} as cosign 2 does: a tag beside the image`,
  );
  return release(scene, REPO_SYNC, image, () => signLegacy({ repository, image, key }));
}

/**
 * The tag of a running fleet moves to what is not signed. Under `pin` no cluster notices: each stays SYNCED on its
 * digest, and pulls nothing. Under `gate` each pulls it and is refused. Its signature then brings it to all of them.
 */
export async function pushOver(scene: Scene): Promise<Act> {
  const { screen, world, key, effect } = scene;
  const { repository, reference, tag } = openImage(world, REPO_SYNC);
  const [first] = world.clusters;
  if (first === undefined) throw new Error('The world has no cluster');
  const before = await readSync(first.url, REPO_SYNC);
  screen.say(`Push the next ${reference}, unsigned, over what is running`);
  const image = await pushImage(repository, { file: FILE, content: `# Next\n${CONTENT}`, tag });
  const isPin = effect === 'pin';
  if (isPin) await untilSwept(scene, image.digest);
  await untilAll(scene, REPO_SYNC, isPin ? 'undisturbed' : 'held', ({ row, state }) => {
    if (state.approved.includes(image.digest)) throw tooEarly(row);
    if (isPin) return state.image === before.image && isUndisturbed(state, before.live);
    return state.live === before.live && state.sourceErrors.includes(REFUSED);
  });
  screen.say(
    isPin
      ? 'Waiting: every cluster is pinned, stays SYNCED on its digest, and pulls nothing'
      : `Held: every cluster has pulled it, and shows KNV${REFUSED} until it is signed`,
  );
  screen.say(`Sign ${image.digest.slice(0, SHORT_DIGEST)}`);
  return release(scene, REPO_SYNC, image, () => signBundle({ repository, image, key }));
}

/** SYNCED as nomos has it, on the digest that was live, and nothing else pulled. */
function isUndisturbed(state: SyncState, before?: string): boolean {
  const { live, pulled, sourceErrors, syncing } = state;
  return live === before && pulled === before && sourceErrors.length === 0 && !syncing;
}

/** Waits until the digest was reported unsigned, and a sweep after that has looked at every cluster. */
function untilSwept(scene: Scene, digest: string): Promise<void> {
  const reason = (): string => `${digest} was not reported unsigned, or not swept, in time`;
  return until(scene, reason, () => {
    const { received } = scene;
    const at = received.findIndex((one) => one.type === 'image.unsigned' && one.digest === digest);
    // The first sweep may have begun before.
    const sweeps = received.slice(at).filter(({ type }) => type === 'sweep.completed');
    return at >= 0 && sweeps.length > 1;
  });
}

function tooEarly({ cluster, sync }: Row): Error {
  return new Error(`${sync} of ${cluster} got an image that was not signed`);
}
