import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Descriptor,
  openRepository,
  pushImage,
  signBundle,
  signLegacy,
} from '../images/push-image.ts';
import type { Effect } from '../local-world/files.ts';
import type { LocalWorld } from '../local-world/start-local-world.ts';
import { readSync, type SyncState, SEEDED_SYNCS } from '../local-world/syncs.ts';
import { type Received, type Row, type Screen, SHORT_DIGEST, syncName } from './screen.ts';

export interface Stage {
  readonly world: Pick<LocalWorld, 'registry' | 'clusters'>;
  readonly effect: Effect;
  readonly key: KeyObject;
  readonly screen: Screen;
  readonly board: () => readonly Row[];
  /** Status events so far; grows. */
  readonly received: readonly Received[];
  /** When the demo gives up. */
  readonly limit: AbortSignal;
}

/** One image's way into every cluster. */
export interface Act {
  readonly image: string;
  readonly digest: string;
  readonly sync: string;
  /** From here on nothing stood in the way of approval. */
  readonly releasedAt: Date;
}

type Seed = (typeof SEEDED_SYNCS)[number];
const [ROOT_SYNC, REPO_SYNC] = SEEDED_SYNCS;
/** Config Sync's code for what the gate refused (docs/facts/config-sync.md#image-to-sync). */
const REFUSED = '2002';
const FILE = 'namespace.yaml';
const CONTENT = '{apiVersion: v1, kind: Namespace, metadata: {name: demo}}\n';

/** Before the first push each RSync follows a tag that is absent, which is one WARNING a tag; its image ends that. */
export async function beforeAnyPush(stage: Stage): Promise<void> {
  const { screen, world, received } = stage;
  screen.say('Nothing is pushed yet: each tag that clusters follow is reported as absent, once');
  for (const seed of SEEDED_SYNCS) {
    const { repository, reference } = open(world, seed);
    await until(
      stage,
      () => `${reference} was not reported as absent in time`,
      () => received.some((one) => one.type === 'image.unusable' && one.image === repository.name),
    );
  }
}

/** A tag pushed before its signature: held everywhere, until the signature's own event resumes it. */
export async function pushThenSign(stage: Stage): Promise<Act> {
  const { screen, world, key } = stage;
  const { repository, reference, tag } = open(world, ROOT_SYNC);
  screen.say(`Push ${reference}, unsigned`);
  const image = await pushImage(repository, { file: FILE, content: CONTENT, tag });
  await untilAll(stage, ROOT_SYNC, 'held', ({ row, state }) => {
    if (state.approved.length > 0 || state.live !== undefined) throw tooEarly(row);
    return row.phase === 'Pending' && state.sourceErrors.includes(REFUSED);
  });
  screen.say(`Held: the gate refuses it to Config Sync in every cluster (KNV${REFUSED})`);
  screen.say(
    `Sign ${image.digest.slice(0, SHORT_DIGEST)} as cosign 2 does: a tag beside the image`,
  );
  return release(stage, ROOT_SYNC, image, () => signLegacy({ repository, image, key }));
}

/** Pushed by digest, signed, then tagged: clusters never see the tag unsigned. */
export async function signThenTag(stage: Stage): Promise<Act> {
  const { screen, world, key } = stage;
  const { repository, reference, tag } = open(world, REPO_SYNC);
  screen.say(
    `Push ${repository.name} by digest, sign it as cosign 3 does: a bundle that refers to it`,
  );
  const content = { file: FILE, content: `# Team A\n${CONTENT}` };
  const image = await pushImage(repository, content);
  await signBundle({ repository, image, key });
  await untilReported(stage, 'image.verified', image.digest);
  screen.say(`Tag it ${reference}`);
  return release(stage, REPO_SYNC, image, () => pushImage(repository, { ...content, tag }));
}

/**
 * The tag of a running fleet moves to what is not signed. Under `pin` no cluster notices: each stays SYNCED on its
 * digest, and pulls nothing. Under `gate` each pulls it and is refused. Its signature then brings it to all of them.
 */
export async function pushOver(stage: Stage): Promise<Act> {
  const { screen, world, key, effect } = stage;
  const { repository, reference, tag } = open(world, ROOT_SYNC);
  const [first] = world.clusters;
  if (first === undefined) throw new Error('The world has no cluster');
  const before = await readSync(first.url, ROOT_SYNC);
  screen.say(`Push the next ${reference}, unsigned, over what is running`);
  const image = await pushImage(repository, { file: FILE, content: `# Next\n${CONTENT}`, tag });
  const isPin = effect === 'pin';
  if (isPin) await untilSwept(stage, image.digest);
  await untilAll(stage, ROOT_SYNC, isPin ? 'undisturbed' : 'held', ({ row, state }) => {
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
  return release(stage, ROOT_SYNC, image, () => signBundle({ repository, image, key }));
}

/** SYNCED as nomos has it, on the digest that was live, and nothing else pulled. */
function isUndisturbed(state: SyncState, before?: string): boolean {
  const { live, pulled, sourceErrors, syncing } = state;
  return live === before && pulled === before && sourceErrors.length === 0 && !syncing;
}

function open({ registry }: Stage['world'], { image }: Seed) {
  const [path = '', tag = ''] = image.split(':');
  return { repository: openRepository(registry, path), reference: `${registry}/${image}`, tag };
}

/** Does what an approval waits for, until the events say Synced and the clusters themselves agree. */
async function release(
  stage: Stage,
  seed: Seed,
  { digest }: Descriptor,
  act: () => Promise<unknown>,
): Promise<Act> {
  const releasedAt = new Date();
  await act();
  const tag = `${stage.world.registry}/${seed.image}`;
  const image = stage.effect === 'pin' ? `${tag}@${digest}` : tag;
  await untilAll(
    stage,
    seed,
    'synced',
    ({ row, state }) =>
      row.phase === 'Synced' &&
      row.digest === digest &&
      state.approved[0] === digest &&
      state.image === image &&
      // Config Sync appends the digest to whatever the spec names, a digest included.
      state.announced === `${image}@${digest}` &&
      state.live === digest,
  );
  stage.screen.say(`Synced: ${syncName(seed)} of every cluster runs it`);
  await untilReported(stage, 'rollout.completed', digest);
  return { image: tag, digest, sync: syncName(seed), releasedAt };
}

/** Waits until the digest was reported unsigned, and a sweep after that has looked at every cluster. */
function untilSwept(stage: Stage, digest: string): Promise<void> {
  const reason = (): string => `${digest} was not reported unsigned, or not swept, in time`;
  return until(stage, reason, () => {
    const { received } = stage;
    const at = received.findIndex((one) => one.type === 'image.unsigned' && one.digest === digest);
    // The first sweep may have begun before.
    const sweeps = received.slice(at).filter(({ type }) => type === 'sweep.completed');
    return at >= 0 && sweeps.length > 1;
  });
}

function untilReported(stage: Stage, type: string, digest: string): Promise<void> {
  return until(
    stage,
    () => `${type} of ${digest} was not reported in time`,
    () => stage.received.some((one) => one.type === type && one.digest === digest),
  );
}

async function untilAll(
  stage: Stage,
  seed: Seed,
  goal: string,
  reached: (seen: { readonly row: Row; readonly state: SyncState }) => boolean,
): Promise<void> {
  const sync = syncName(seed);
  for (const { name, url } of stage.world.clusters) {
    let last = 'nothing was seen of it';
    await until(
      stage,
      () => `${sync} of ${name} was not ${goal} in time: ${last}`,
      async () => {
        const state = await readSync(url, seed);
        const row = stage.board().find((one) => one.cluster === name && one.sync === sync);
        if (row === undefined) return false;
        last = `phase ${row.phase}, approved ${state.approved.join(' ') || 'nothing'}, live ${state.live ?? 'nothing'}, source errors ${state.sourceErrors.join(' ') || 'none'}`;
        return reached({ row, state });
      },
    );
  }
}

function tooEarly({ cluster, sync }: Row): Error {
  return new Error(`${sync} of ${cluster} got an image that was not signed`);
}

const POLL_MS = 50;

/** Resolves once `probe` holds. Rejects with `reason()` once the demo is out of time. */
async function until(
  { limit }: Stage,
  reason: () => string,
  probe: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!(await probe())) {
    if (limit.aborted) throw new Error(reason());
    await sleep(POLL_MS);
  }
}
