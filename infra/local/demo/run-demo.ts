import type { Writable } from 'node:stream';
import { readPrivateKey } from '../keys/key-pair.ts';
import type { World } from '../world.ts';
import type { Effect } from '../world/describe-config.ts';
import {
  type Act,
  beforeAnyPush,
  pushOver,
  pushThenSign,
  signThenTag,
  type Stage,
} from './acts.ts';
import { applyEvent, emptyBoard, type Row } from './board.ts';
import { subscribe } from './event-log.ts';
import { createScreen } from './screen.ts';
import { summarise } from './summary.ts';

export interface DemoDeps {
  readonly world: World;
  /** The effect that the world runs under. */
  readonly effect: Effect;
  readonly out: Writable;
  /** Whether `out` is a terminal that can be redrawn. */
  readonly live: boolean;
  readonly limit: AbortSignal;
  readonly startedAt: Date;
}

/**
 * Plays every act in a running world and prints what came of them. Throws what went wrong: a cluster that did not
 * converge before `limit`, an image that was not held, a subscriber that broke off.
 */
export async function runDemo({
  world,
  effect,
  out,
  live,
  limit,
  startedAt,
}: DemoDeps): Promise<void> {
  const { registry, clusters, pubsub, files } = world;
  const elapsedMs = (): number => Date.now() - startedAt.getTime();
  const screen = createScreen(out, { live, elapsedMs });
  let board: readonly Row[] = emptyBoard(
    registry,
    clusters.map(({ name }) => name),
  );
  const stopped = new AbortController();
  const log = subscribe(pubsub, stopped.signal, (event) => {
    board = applyEvent(board, event);
    screen.show(board);
  });
  const key = await readPrivateKey(files.privateKey);
  screen.say(
    `Registry, Pub/Sub, ${clusters.length} clusters and ${world.functions.size} functions run, with effect: ${effect}`,
  );
  screen.show(board);
  const stage: Stage = {
    world,
    effect,
    key,
    screen,
    board: () => board,
    received: log.received,
    limit,
  };
  try {
    const acts = await Promise.race([playAll(stage), log.ended.then(() => [])]);
    out.write(`${summarise({ acts, received: log.received, clusters, startedAt })}\n`);
  } finally {
    stopped.abort();
    await log.ended;
  }
}

async function playAll(stage: Stage): Promise<Act[]> {
  await beforeAnyPush(stage);
  return [await pushThenSign(stage), await signThenTag(stage), await pushOver(stage)];
}
