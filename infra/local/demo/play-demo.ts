import type { Writable } from 'node:stream';
import { readPrivateKey } from '../keys/key-pair.ts';
import type { Kube } from '../kube/start-kube.ts';
import { type Effect, SERVICE_IDENTITY } from '../local-world/files.ts';
import type { LocalWorld } from '../local-world/start-local-world.ts';
import { beforeAnyPush, pushOver, pushThenSign } from './acts.ts';
import type { Act, Scene } from './scene.ts';
import { haltAtCanary, pauseAndResume, rollOut } from './staged-acts.ts';
import {
  SHORT_DIGEST,
  applyEvent,
  createScreen,
  emptyBoard,
  formatTime,
  type Received,
  type Row,
  subscribe,
} from './screen.ts';

interface DemoDeps {
  readonly world: LocalWorld;
  /** The effect that the world runs under. */
  readonly effect: Effect;
  readonly out: Writable;
  /** Whether `out` is a terminal that can be redrawn. */
  readonly live: boolean;
  readonly limit: AbortSignal;
  /** Called for each event, but for those of sweeps. */
  readonly onProgress?: () => void;
  readonly startedAt: Date;
}

/**
 * Plays every act in a running world and prints what came of them. Throws what went wrong: a cluster that did not
 * converge before `limit`, an image that was not held, a subscriber that broke off.
 */
export async function playDemo(deps: DemoDeps): Promise<void> {
  const { world, effect, out, live, limit, startedAt } = deps;
  const { registry, clusters, pubsub, files } = world;
  const elapsedMs = (): number => Date.now() - startedAt.getTime();
  const screen = createScreen(out, { live, elapsedMs });
  const names = clusters.map(({ name }) => name);
  let board: readonly Row[] = emptyBoard(registry, names);
  const stopped = new AbortController();
  const log = subscribe(pubsub, stopped.signal, (event) => {
    board = applyEvent(board, event);
    if (event.type !== SWEEP) deps.onProgress?.();
    if (isOfStages(event)) screen.say(`  ${event.type}: ${event.message}`);
    screen.show(board);
  });
  const key = await readPrivateKey(files.privateKey);
  screen.say(
    `Registry, Pub/Sub, ${clusters.length} clusters and ${world.functions.size} functions run, with effect: ${effect}`,
  );
  screen.show(board);
  const { received } = log;
  const scene = { world, effect, key, screen, board: () => board, received, limit };
  try {
    const acts = await Promise.race([playAll(scene), log.ended.then(() => [])]);
    out.write(`${summarise({ acts, received, clusters: world.emulated, startedAt })}\n`);
  } finally {
    stopped.abort();
    await log.ended;
  }
}

/** First an image that goes everywhere at once, then one that goes stage by stage. */
async function playAll(scene: Scene): Promise<Act[]> {
  await beforeAnyPush(scene);
  const once = [await pushThenSign(scene), await pushOver(scene)];
  const staged = await rollOut(scene);
  await haltAtCanary(scene);
  return [...once, staged, await pauseAndResume(scene)];
}

/** Whether it is about a roll-out in stages. */
function isOfStages({ type, stage }: Received): boolean {
  return type.startsWith('rollout.') && stage !== undefined;
}

const SWEEP = 'sweep.completed';

/** What the subscriber received, how long everything took, and what it cost. */
function summarise(run: {
  readonly acts: readonly Act[];
  readonly received: readonly Received[];
  readonly clusters: readonly Kube[];
  readonly startedAt: Date;
}): string {
  const { acts, received, clusters, startedAt } = run;
  const sweeps = received.filter(({ type }) => type === SWEEP).length;
  // They come in no order: what is published by several functions at once is delivered as it comes.
  const events = received
    .filter(({ type }) => type !== SWEEP)
    .toSorted((one, other) => one.at.getTime() - other.at.getTime());
  return [
    '',
    'Status events, as a subscriber received them:',
    ...events.map((event) => formatEvent(event, startedAt)),
    `  and ${sweeps} times ${SWEEP}`,
    '',
    `In ${clusters.length} clusters, the slowest of them:`,
    ...acts.map((act) => formatAct(act, received)),
    `Calls to clusters by Countersign: ${countCalls(clusters)}`,
    '',
  ].join('\n');
}

function formatEvent(event: Received, startedAt: Date): string {
  const { at, type, severity, image = '', cluster, sync, digest, message } = event;
  const subject = cluster === undefined ? image : `${cluster} ${sync ?? ''}`;
  // A verdict is of one digest: several come of one repository.
  const about =
    type.startsWith('image.') && digest !== undefined ? `${digest.slice(0, SHORT_DIGEST)}: ` : '';
  const time = formatTime(at.getTime() - startedAt.getTime());
  const columns = `${severity.padEnd(8)}${type.padEnd(21)}${subject.padEnd(36)}`;
  return `${time}  ${columns} ${about}${message}`;
}

function formatAct(
  { image, digest, sync, releasedAt }: Act,
  received: readonly Received[],
): string {
  const last = (type: string): number => {
    const of = received.filter((one) => one.type === type && one.sync === sync);
    return Math.max(...of.filter((one) => one.digest === digest).map(({ at }) => at.getTime()));
  };
  const approved = last('sync.approved');
  const toApproved = formatTime(approved - releasedAt.getTime()).trim();
  const toSynced = formatTime(last('sync.synced') - approved).trim();
  return `  ${image}: approved after ${toApproved}, synced ${toSynced} later`;
}

function countCalls(clusters: readonly Kube[]): string {
  const requests = clusters.flatMap(({ store }) => store.requests);
  const calls = requests.filter(({ user }) => user === SERVICE_IDENTITY);
  const byVerb = [...Map.groupBy(calls, ({ verb }) => verb)];
  return byVerb.map(([verb, { length }]) => `${length} ${verb}`).join(', ') || 'none';
}
