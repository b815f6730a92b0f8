import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readPrivateKey } from '#infra/local/keys/key-pair.ts';
import { subscribeAt, PUSH_SUBSCRIPTIONS, TOPICS } from '#infra/local/local-world/pubsub.ts';
import { type LocalWorld, startLocalWorld } from '#infra/local/local-world/start-local-world.ts';
import type { CampaignResult } from '../campaign.ts';
import { createJournal } from '../journal.ts';
import { checkFinalState } from '../oracle/check-final-state.ts';
import { checkFailures, checkPushes, checkSyncs } from '../oracle/check-reports.ts';
import type { ClusterFacts } from '../oracle/truth.ts';
import { createVerdicts } from '../oracle/violations.ts';
import type { ReceivedEvent } from '../oracle/watch-events.ts';
import { watchPatches } from '../oracle/watch-patches.ts';
import { createRandom } from '../random.ts';
import { keyOf } from '../sim/cluster.ts';
import type { PlannedCluster, PlannedImage } from '../world.ts';
import { checkHistory } from './check-history.ts';
import { DOOMED, takeOver } from './doomed-functions.ts';
import { type StoreKind, openDoomedStore } from './doomed-store.ts';
import { type FaultProxy, type Seen, startFaultProxy } from './fault-proxy.ts';
import { createHistory } from './history.ts';
import { pushAll } from './pusher.ts';
import { OUT, drawClusterFault, drawMessageFault } from './real-faults.ts';
import { Item, Patch, createSyncs, planRealClusters, readCluster, toObject } from './real-syncs.ts';
import { subscribe } from './subscriber.ts';

const BUNDLES = fileURLToPath(new URL('../../../dist', import.meta.url));
const PACE = { pollMs: 300, attemptMs: 300, rolloutMs: 300 };
const IMAGES = ['platform', 'team-a', 'third', 'fourth'];
const CLUSTERS = 3;
const SWEEP_MS = 3_000;
const KILL_EVERY_MS = 2_500;
const OUT_EVERY_MS = 15_000;
const OUT_MS = 4_000;
const LOSE_STORE_EVERY_MS = 25_000;
/** After the last push nothing goes wrong any more, and there is this much time. */
const REST_MS = 60_000;
const PATCHED = /\/namespaces\/([^/]+)\/(rootsyncs|reposyncs)\/([^/?]+)/;

/**
 * The campaign on the real processes of the local world: functions die of SIGKILL, the store is emptied, messages and
 * calls to clusters are mistreated on their way. The draws come from the seed; when they meet what is for the machine to say.
 */
export async function runReal(
  seed: number,
  pushes: number,
  storeKind: StoreKind = 'sqlite',
): Promise<CampaignResult> {
  const start = Date.now();
  const random = createRandom(`real ${seed}`);
  const journal = createJournal(() => Date.now(), start);
  const verdicts = createVerdicts(journal);
  const history = createHistory();
  const dir = await mkdtemp(join(tmpdir(), 'countersign-real-'));
  await using parts = new AsyncDisposableStack();
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const world = await startLocalWorld({
    dir,
    ports: 'free',
    bundles: BUNDLES,
    clusters: CLUSTERS,
    sweepMs: SWEEP_MS,
    pace: PACE,
  });
  parts.defer(() => world.stop());
  const images = IMAGES.map((name): PlannedImage => {
    const repository = `${world.registry}/configs/${name}`;
    return { repository, reference: `${repository}:v1`, treated: 'gate' };
  });
  const plans = planRealClusters(world, images);
  for (const [index, { url }] of world.clusters.entries()) {
    const plan = plans[index];
    if (plan !== undefined) await createSyncs(url, plan);
  }

  let faulty = true;
  const isFaulty = (): boolean => faulty;
  const out = new Set<string>();
  const lookAtPatch = watchPatches({
    clock: { now: () => Date.now() },
    registry: history,
    verdicts,
  });
  const kubeconfig = await readFile(world.files.serviceKubeconfig, 'utf8');
  let mistreated = kubeconfig;
  for (const [index, { url, name }] of world.clusters.entries()) {
    const plan = plans[index];
    if (plan === undefined) continue;
    const draws = random.fork(name);
    const proxy = await startFaultProxy({
      target: url,
      draw: (seen) =>
        !faulty ? undefined : out.has(name) ? OUT : count(drawClusterFault(draws, seen)),
      watch: (seen) => watchPatch(seen, url, plan),
    });
    adopt(proxy);
    mistreated = mistreated.replaceAll(`${url}\n`, `${proxy.url}\n`);
  }
  await writeFile(world.files.serviceKubeconfig, mistreated);
  await mistreatMessages(world);

  const received: ReceivedEvent[] = [];
  const stop = new AbortController();
  const subscribed = subscribe(world.pubsub, received, journal, stop.signal);
  const store = await openDoomedStore(storeKind, world.files);
  parts.defer(() => store.close());
  const functions = takeOver(world, BUNDLES, store.env);
  parts.defer(() => functions.stop());
  for (const name of DOOMED) await functions.kill(name);
  const killing = killNowAndThen();
  const outing = goOutNowAndThen();
  const losing = loseStoreNowAndThen();
  const wrong = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const keys = { release: await readPrivateKey(world.files.privateKey), wrong };
  await pushAll(pushes, {
    registry: world.registry,
    images,
    keys,
    random: random.fork('pushes'),
    history,
    journal,
  });
  faulty = false;
  await Promise.all([killing, outing, losing]);
  journal.step('world', 'everything is well from now on');
  await sleep(REST_MS);
  stop.abort();
  await subscribed;
  const clusters = new Map<string, ClusterFacts>();
  for (const [index, { url, name }] of world.clusters.entries()) {
    const plan = plans[index];
    if (plan !== undefined) clusters.set(name, await readCluster(url, plan));
  }
  const facts = { clock: { now: () => Date.now() }, registry: history, clusters, verdicts };
  checkFinalState(facts);
  const rest = {
    plan: { images, clusters: plans, rules: [] },
    received,
    losses: store.losses,
    leavings: [],
    outages: [],
    longStandingMs: REST_MS / 2,
  };
  checkFailures({ ...facts, ...rest });
  checkSyncs({ ...facts, ...rest });
  checkPushes({ ...facts, ...rest });
  journal.count('history', await checkHistory(world, received, verdicts));
  const wallMs = Date.now() - start;
  return {
    seed,
    trace: journal.hash(),
    counts: journal.counts(),
    violations: verdicts.violations,
    steps: () => journal.steps(),
    virtualMs: wallMs,
    wallMs,
  };

  function adopt(proxy: FaultProxy): void {
    parts.defer(() => proxy.close());
  }

  function count<T extends { readonly kind: string } | undefined>(fault: T): T {
    if (fault !== undefined) journal.count(`faults: ${fault.kind}`);
    return fault;
  }

  /** Puts a proxy before the endpoint of every subscription. */
  async function mistreatMessages({ pubsub, functions: running }: LocalWorld): Promise<void> {
    for (const subscription of PUSH_SUBSCRIPTIONS) {
      const { topic, to } = subscription;
      const draws = random.fork(topic);
      const losable = topic === TOPICS.registry;
      const proxy = await startFaultProxy({
        target: running.get(to)?.url ?? '',
        draw() {
          journal.count('deliveries');
          return faulty ? count(drawMessageFault(draws, losable)) : undefined;
        },
      });
      adopt(proxy);
      await subscribeAt(pubsub, subscription, proxy.url);
    }
  }

  async function watchPatch(
    { method, path, body }: Seen,
    url: string,
    plan: PlannedCluster,
  ): Promise<((status: number, answer: string) => void) | undefined> {
    journal.count(`cluster calls: ${method}`);
    const [, namespace = '', plural, name = ''] = PATCHED.exec(path) ?? [];
    if (method !== 'PATCH') return undefined;
    const kind = plural === 'rootsyncs' ? 'RootSync' : 'RepoSync';
    const found = await fetch(`${url}${path.split('?', 1)[0]}`);
    const before = toObject(kind, plan.name, Item.parse(await found.json()));
    const key = keyOf({ kind, namespace, name });
    const patch = Patch.parse(JSON.parse(body));
    return (status, answer) => {
      if (status === 409) journal.count('conflicts');
      // Another writer wrote in between, and yet it passed: then there is nothing to compare it with.
      const exact = patch.metadata?.resourceVersion === before.metadata.resourceVersion;
      if (status !== 200 || !exact) return;
      const after = toObject(kind, plan.name, Item.parse(JSON.parse(answer)));
      journal.step(
        `${plan.name} ${key}`,
        `is approved for ${after.metadata.annotations['countersign.dev/approved']?.slice(7, 15)}`,
      );
      lookAtPatch({ plan }, { key, before, after, body: patch, by: 'a function' });
    };
  }

  async function killNowAndThen(): Promise<void> {
    const draws = random.fork('kills');
    while (isFaulty()) {
      await sleep(draws.waiting(KILL_EVERY_MS));
      if (!isFaulty()) return;
      const name = draws.pick(['push', 'cluster', 'cluster', 'sweep', 'history'] as const);
      journal.count(`kills: ${name}`);
      await functions.kill(name);
    }
  }

  async function loseStoreNowAndThen(): Promise<void> {
    const draws = random.fork('store');
    while (isFaulty()) {
      await sleep(draws.waiting(LOSE_STORE_EVERY_MS));
      if (!isFaulty()) return;
      journal.count(`store losses: ${storeKind}`);
      await store.lose();
    }
  }

  async function goOutNowAndThen(): Promise<void> {
    const draws = random.fork('outages');
    while (isFaulty()) {
      await sleep(draws.waiting(OUT_EVERY_MS));
      const { name } = draws.pick(world.clusters);
      journal.count('cluster outages');
      out.add(name);
      await sleep(draws.waiting(OUT_MS));
      out.delete(name);
    }
  }
}
