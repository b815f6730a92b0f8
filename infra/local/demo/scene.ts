import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Descriptor, type Repository, openRepository } from '../images/push-image.ts';
import type { Effect } from '../local-world/files.ts';
import type { LocalWorld } from '../local-world/start-local-world.ts';
import { readSync, type SEEDED_SYNCS, type SyncState } from '../local-world/syncs.ts';
import { type Received, type Row, type Screen, syncName } from './screen.ts';

/** What every act plays in. */
export interface Scene {
  readonly world: Pick<LocalWorld, 'registry' | 'clusters' | 'functions'>;
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

export type Seed = (typeof SEEDED_SYNCS)[number];

/** The image that an RSync follows. */
export function openImage(
  { registry }: Scene['world'],
  { image }: Seed,
): { readonly repository: Repository; readonly reference: string; readonly tag: string } {
  const [path = '', tag = ''] = image.split(':');
  return { repository: openRepository(registry, path), reference: `${registry}/${image}`, tag };
}

/** Does what an approval waits for, until the events say Synced and the clusters themselves agree. */
export async function release(
  scene: Scene,
  seed: Seed,
  { digest }: Pick<Descriptor, 'digest'>,
  act: () => Promise<unknown>,
): Promise<Act> {
  const releasedAt = new Date();
  await act();
  await untilAll(scene, seed, 'synced', (seen) => runs(scene, seed, digest, seen));
  scene.screen.say(`Synced: ${syncName(seed)} of every cluster runs it`);
  await untilReported(scene, 'rollout.completed', digest);
  const image = `${scene.world.registry}/${seed.image}`;
  return { image, digest, sync: syncName(seed), releasedAt };
}

/** What is seen of one RSync: in the events, and in its cluster. */
export interface SeenSync {
  readonly cluster: string;
  readonly row: Row;
  readonly state: SyncState;
}

/** Whether the digest is approved, live and reported there, as the effect has it. */
function runs(
  { world, effect }: Scene,
  seed: Seed,
  digest: string,
  { row, state }: SeenSync,
): boolean {
  const tag = `${world.registry}/${seed.image}`;
  const image = effect === 'pin' ? `${tag}@${digest}` : tag;
  return (
    row.phase === 'Synced' &&
    row.digest === digest &&
    state.approved[0] === digest &&
    state.image === image &&
    // Config Sync appends the digest to whatever the spec names, a digest included.
    state.announced === `${image}@${digest}` &&
    state.live === digest
  );
}

/** Waits for an event about a digest; returns the newest. */
export async function untilReported(
  scene: Scene,
  type: string,
  digest: string,
  about: Partial<Received> = {},
): Promise<Received> {
  const isIt = (one: Received): boolean =>
    one.type === type &&
    one.digest === digest &&
    (about.stage === undefined || one.stage === about.stage);
  const found = (): Received | undefined => scene.received.findLast(isIt);
  await until(
    scene,
    () => `${type} of ${digest} was not reported in time`,
    () => found() !== undefined,
  );
  const event = found();
  if (event === undefined) throw new Error(`${type} is gone`);
  return event;
}

/** Waits until it holds on this RSync of the named clusters, of all without names. */
export async function untilAll(
  scene: Scene,
  seed: Seed,
  goal: string,
  reached: (seen: SeenSync) => boolean,
  clusters = scene.world.clusters,
): Promise<void> {
  const sync = syncName(seed);
  for (const { name, url } of clusters) {
    let last = 'nothing was seen of it';
    await until(
      scene,
      () => `${sync} of ${name} was not ${goal} in time: ${last}`,
      async () => {
        const state = await readSync(url, seed);
        const row = scene.board().find((one) => one.cluster === name && one.sync === sync);
        if (row === undefined) return false;
        last = `phase ${row.phase}, approved ${state.approved.join(' ') || 'nothing'}, live ${state.live ?? 'nothing'}, source errors ${state.sourceErrors.join(' ') || 'none'}`;
        return reached({ cluster: name, row, state });
      },
    );
  }
}

const POLL_MS = 50;

/** Resolves once `probe` holds. Rejects with `reason()` once the demo is out of time. */
export async function until(
  { limit }: Pick<Scene, 'limit'>,
  reason: () => string,
  probe: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!(await probe())) {
    if (limit.aborted) throw new Error(reason());
    await sleep(POLL_MS);
  }
}
