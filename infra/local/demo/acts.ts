import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { pushImage, openRepository, type Repository } from '../images/push-image.ts';
import { signBundle, signLegacy } from '../images/sign.ts';
import type { Effect } from '../local-world/files.ts';
import type { LocalWorld } from '../local-world/start-local-world.ts';
import { readSync, type SyncState, SEEDED_SYNCS } from '../local-world/syncs.ts';
import { type Row, syncName, type Screen, SHORT_DIGEST } from './screen.ts';
import type { Received } from './event-log.ts';

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
  const { screen, world, received, limit } = stage;
  screen.say('Nothing is pushed yet: each tag that clusters follow is reported as absent, once');
  for (const seed of SEEDED_SYNCS) {
    const { repository, reference } = open(world, seed);
    await until(
      () =>
        received.some((one) => one.type === 'image.unusable' && one.image === repository.name) ||
        undefined,
      { limit, reason: () => `${reference} was not reported as absent in time` },
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
  const releasedAt = new Date();
  await signLegacy({ repository, image, key });
  await untilSynced(stage, ROOT_SYNC, image.digest);
  return { image: reference, digest: image.digest, sync: syncName(ROOT_SYNC), releasedAt };
}

/** Pushed by digest, signed, then tagged: clusters never see the tag unsigned. */
export async function signThenTag(stage: Stage): Promise<Act> {
  const { screen, world, key } = stage;
  const { repository, reference, tag } = open(world, REPO_SYNC);
  screen.say(
    `Push ${repository.name} by digest, sign it as cosign 3 does: a bundle that refers to it`,
  );
  const image = await pushImage(repository, { file: FILE, content: `# Team A\n${CONTENT}` });
  await signBundle({ repository, image, key });
  await untilReported(stage, 'image.verified', image.digest);
  screen.say(`Tag it ${reference}`);
  const releasedAt = new Date();
  await pushImage(repository, { file: FILE, content: `# Team A\n${CONTENT}`, tag });
  await untilSynced(stage, REPO_SYNC, image.digest);
  return { image: reference, digest: image.digest, sync: syncName(REPO_SYNC), releasedAt };
}

/**
 * The tag of a running fleet moves to what is not signed. Under `pin` no cluster notices: each stays SYNCED on its
 * digest, and pulls nothing. Under `gate` each pulls it and is refused. Its signature then brings it to all of them.
 */
export async function pushOver(stage: Stage): Promise<Act> {
  const { screen, world, key, effect } = stage;
  const { repository, reference, tag } = open(world, ROOT_SYNC);
  const before = await readSync(firstOf(world).url, ROOT_SYNC);
  screen.say(`Push the next ${reference}, unsigned, over what is running`);
  const image = await pushImage(repository, { file: FILE, content: `# Next\n${CONTENT}`, tag });
  if (effect === 'pin') {
    await untilSwept(stage, image.digest);
    await untilAll(stage, ROOT_SYNC, 'undisturbed', ({ row, state }) => {
      if (state.approved.includes(image.digest)) throw tooEarly(row);
      return state.image === before.image && isUndisturbed(state, before.live);
    });
    screen.say('Waiting: every cluster is pinned, stays SYNCED on its digest, and pulls nothing');
  } else {
    await untilAll(stage, ROOT_SYNC, 'held', ({ row, state }) => {
      if (state.approved.includes(image.digest)) throw tooEarly(row);
      return state.live === before.live && state.sourceErrors.includes(REFUSED);
    });
    screen.say(`Held: every cluster has pulled it, and shows KNV${REFUSED} until it is signed`);
  }
  screen.say(`Sign ${image.digest.slice(0, SHORT_DIGEST)}`);
  const releasedAt = new Date();
  await signBundle({ repository, image, key });
  await untilSynced(stage, ROOT_SYNC, image.digest);
  return { image: reference, digest: image.digest, sync: syncName(ROOT_SYNC), releasedAt };
}

/** Waits until the digest was reported unsigned, and a sweep after that has looked at every cluster. */
async function untilSwept({ received, limit }: Stage, digest: string): Promise<void> {
  await until(
    () => {
      const at = received.findIndex(
        (one) => one.type === 'image.unsigned' && one.digest === digest,
      );
      const later = at < 0 ? [] : received.slice(at);
      // The first of them may have begun before.
      return later.filter(({ type }) => type === 'sweep.completed').length > 1 || undefined;
    },
    { limit, reason: () => `${digest} was not reported unsigned, or not swept, in time` },
  );
}

/** SYNCED as nomos has it, on the digest that was live, and nothing else pulled. */
function isUndisturbed(state: SyncState, before?: string): boolean {
  const { live, pulled, sourceErrors, syncing } = state;
  return live === before && pulled === before && sourceErrors.length === 0 && !syncing;
}

function firstOf({ clusters }: Stage['world']): Stage['world']['clusters'][number] {
  const [first] = clusters;
  if (first === undefined) throw new Error('The world has no cluster');
  return first;
}

function open(
  { registry }: Stage['world'],
  { image }: Seed,
): { readonly repository: Repository; readonly reference: string; readonly tag: string } {
  const [path = '', tag = ''] = image.split(':');
  return { repository: openRepository(registry, path), reference: `${registry}/${image}`, tag };
}

/** Waits until the events say Synced, and the clusters themselves agree. */
async function untilSynced(stage: Stage, seed: Seed, digest: string): Promise<void> {
  const tag = `${stage.world.registry}/${seed.image}`;
  const image = stage.effect === 'pin' ? `${tag}@${digest}` : tag;
  // Config Sync appends the digest to whatever the spec names, a digest included.
  const announced = `${image}@${digest}`;
  await untilAll(stage, seed, 'synced', ({ row, state }) => {
    const reported = row.phase === 'Synced' && row.digest === digest;
    return (
      reported &&
      state.approved[0] === digest &&
      state.image === image &&
      state.announced === announced &&
      state.live === digest
    );
  });
  stage.screen.say(`Synced: ${syncName(seed)} of every cluster runs it`);
  await untilReported(stage, 'rollout.completed', digest);
}

async function untilReported(
  { received, limit }: Stage,
  type: string,
  digest: string,
): Promise<void> {
  await until(
    () => received.some((one) => one.type === type && one.digest === digest) || undefined,
    { limit, reason: () => `${type} of ${digest} was not reported in time` },
  );
}

async function untilAll(
  stage: Stage,
  seed: Seed,
  goal: string,
  reached: (seen: { readonly row: Row; readonly state: SyncState }) => boolean,
): Promise<void> {
  for (const { name, url } of stage.world.clusters) {
    let last = 'nothing was seen of it';
    await until(
      async () => {
        const state = await readSync(url, seed);
        const row = stage.board().find((at) => at.cluster === name && at.sync === syncName(seed));
        if (row === undefined) return undefined;
        last = `phase ${row.phase}, approved ${state.approved.join(' ') || 'nothing'}, live ${state.live ?? 'nothing'}, source errors ${state.sourceErrors.join(' ') || 'none'}`;
        return reached({ row, state }) || undefined;
      },
      {
        limit: stage.limit,
        reason: () => `${syncName(seed)} of ${name} was not ${goal} in time: ${last}`,
      },
    );
  }
}

function tooEarly({ cluster, sync }: Row): Error {
  return new Error(`${sync} of ${cluster} got an image that nobody signed`);
}

const POLL_MS = 50;

/** Resolves with the first value that `probe` has. Rejects with `reason()` once `limit` is over. */
async function until<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  { limit, reason }: { readonly limit: AbortSignal; readonly reason: () => string },
): Promise<T> {
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (limit.aborted) throw new Error(reason());
    await sleep(POLL_MS);
  }
}
