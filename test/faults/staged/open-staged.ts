import type { Staging } from '#shared/reconcile/deps.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import type { Brokers } from '../brokers.ts';
import type { Journal } from '../journal.ts';
import { liveOf } from '../oracle/truth.ts';
import type { Verdicts } from '../oracle/violations.ts';
import type { PatchSeen } from '../ports/cluster-port.ts';
import type { Random } from '../random.ts';
import type { Clock } from '../sim/clock.ts';
import { type SimCluster, type SyncObject, keyOf } from '../sim/cluster.ts';
import type { Process } from '../sim/process.ts';
import type { SimRegistry } from '../sim/registry.ts';
import type { SimStore } from '../sim/store.ts';
import type { Plan, PlannedImage } from '../world.ts';
import { countAnnouncements } from './announcements.ts';
import { MAX_OFF_MS, createClocks } from './clocks.ts';
import { createFreezer } from './freezer.ts';
import { createInHand } from './in-hand.ts';
import { createPeople } from './people.ts';
import { createSimRecords } from './sim-records.ts';
import { createStageHistory } from './stage-history.ts';
import { strategiesOf } from './staged-strategies.ts';
import { createTenants } from './tenants.ts';
import { watchRollouts } from './watch-rollouts.ts';

/** What a campaign with roll-outs has beside the others: records, people, and those who know what must never be. */
export interface Staged {
  staging(process: Pick<Process, 'call' | 'name'>): Staging;
  /** How far the clock of a process is off, in milliseconds. */
  offOf(process: Pick<Process, 'name'>): number;
  readonly during: <T>(work: () => Promise<T>) => Promise<T>;
  written(cluster: SimCluster, key: string, object: SyncObject | undefined): void;
  patched(cluster: SimCluster, seen: PatchSeen): void;
  readonly tasked: () => void;
  published(event: StatusEvent): void;
  start(brokers: Pick<Brokers, 'publishTasks'>): void;
  /** Nothing is lost, held or stopped any more, and people put right what stands still. */
  calm(): void;
  stop(): void;
}

export interface StagedDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly plan: Plan;
  readonly registry: SimRegistry;
  readonly clusters: ReadonlyMap<string, SimCluster>;
  readonly store: SimStore;
  readonly verdicts: Verdicts;
}

const MINUTE = 60_000;
/** Mean times: of one image's record, of all of them, of records and store together. */
const RECORD_LOST_EVERY = 3 * 60 * MINUTE;
const RECORDS_LOST_EVERY = 12 * 60 * MINUTE;
const BOTH_LOST_EVERY = 12 * 60 * MINUTE;
const CLOCK_STEPS_EVERY = 5 * MINUTE;

export function openStaged(deps: StagedDeps): Staged {
  const { clock, random, journal, plan, clusters, store } = deps;
  const inHand = createInHand();
  const history = createStageHistory(() => clusters.values(), { clock });
  const skewMs = 2 * MAX_OFF_MS;
  const watch = watchRollouts({ ...deps, history, inHand, skewMs });
  const announcements = countAnnouncements({ journal, inHand });
  const strategies = strategiesOf(plan);
  const clocks = createClocks(random.fork('clocks'));
  const staged = plan.images.filter((image) => image.staged !== undefined);
  const records = createSimRecords({
    read(repository) {
      inHand.current()?.reads.set(repository, inHand.moment());
    },
    replaced(record, by) {
      const { image, version, status, stage, digest } = record;
      journal.count('records written');
      journal.step(
        `rollout ${image}`,
        `${by} records version ${version}: ${status} ${stage} ${digest.slice(7, 15)}`,
      );
      announcements.recorded(record);
      watch.recorded(record);
    },
  });
  const people = createPeople({
    ...deps,
    strategies,
    records,
    watch,
    inHand,
    random: random.fork('people'),
    lagging: (image, digest) => lagging(image, digest),
  });
  const freezer = createFreezer({ ...deps, watch, inHand, random: random.fork('freezer') });
  let tenants: ReturnType<typeof createTenants> | undefined;
  let calm = false;

  function lagging(image: PlannedImage, digest: string): readonly string[] {
    return [...clusters.values()].flatMap(({ plan: of, objects }) => {
      const sync = of.syncs.find((one) => one.image === image);
      const object = sync && objects.get(keyOf(sync));
      return sync === undefined || (object && liveOf(object) === digest) ? [] : [of.name];
    });
  }

  function lose(image: PlannedImage): void {
    // What no RSync has a receipt of was never begun: it begins anew.
    const told = [...clusters.values()].filter(({ member, down, plan: of, objects }) => {
      const sync = of.syncs.find((one) => one.image === image);
      const receipt = sync && objects.get(keyOf(sync))?.metadata.annotations[RECEIPT];
      return member && !down && receipt?.includes('"rollout"') === true;
    });
    if (told.length >= ENOUGH) watch.of(image.reference).lost(inHand.moment());
    journal.step(`rollout ${image.reference}`, 'its record is lost');
  }

  function again(every: number, deed: () => void): void {
    clock.after(random.waiting(every), () => {
      if (calm) return;
      deed();
      again(every, deed);
    });
  }

  function loseAll(): void {
    records.loseAll();
    for (const image of staged) lose(image);
    journal.count('records lost, all');
  }

  return {
    staging: (process) => ({
      strategies,
      records: records.open(process),
      freezes: freezer.open(process),
    }),
    offOf: (process) => clocks.offOf(process),
    during: (work) => inHand.during(work),
    written: (...given) => history.written(...given),
    patched(...given) {
      watch.patched(...given);
      freezer.patched(...given);
    },
    tasked: () => watch.tasked(),
    published(event) {
      const { type, data } = event;
      if (!type.startsWith('rollout.') || !('image' in data)) return;
      journal.step(`rollout ${data.image}`, `event ${type}: ${data.message}`);
      announcements.published(event);
    },
    start(brokers) {
      tenants = createTenants({ ...deps, brokers, random: random.fork('tenants') });
      tenants.start();
      people.start();
      freezer.start();
      again(RECORD_LOST_EVERY / Math.max(1, staged.length), () => {
        const image = random.pick(staged);
        records.loseRecord(image.reference);
        lose(image);
        journal.count('records lost, one');
      });
      again(RECORDS_LOST_EVERY, loseAll);
      again(BOTH_LOST_EVERY, () => {
        loseAll();
        store.lose(clock.now());
        journal.count('records and store lost');
      });
      again(CLOCK_STEPS_EVERY, () => {
        clocks.step();
        journal.count('clock steps');
      });
    },
    calm() {
      calm = true;
      tenants?.stop();
      people.calm();
      freezer.calm();
      clocks.mend();
    },
    stop: () => history.stop(),
  };
}

const RECEIPT = 'countersign.dev/receipt';
/** One of them may be gone before it is read. */
const ENOUGH = 2;
