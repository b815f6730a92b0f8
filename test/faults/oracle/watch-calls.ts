import { AsyncLocalStorage } from 'node:async_hooks';
import type { SimCluster } from '../sim/cluster.ts';
import type { SimStore } from '../sim/store.ts';
import type { Verdicts } from './violations.ts';

/** One task in hand, and what it has cost so far. */
interface TaskInHand {
  readonly cluster: string;
  readonly messageId: string;
  /** A reconcile that began after this task was published is on record: there is nothing left to do. */
  readonly covered: boolean;
  readonly losses: number;
  /** How often that record had been replaced: another reconcile may leave something to do. */
  readonly replacements: number;
  lists: number;
}

export interface CallWatch {
  /** Runs the handler of a task, so that the calls it makes are known for its own. */
  during(
    task: { cluster: string; messageId: string; publishTime: Date; ahead?: boolean },
    work: () => Promise<void>,
  ): Promise<void>;
  called(cluster: string, verb: 'list' | 'get' | 'patch'): void;
  /** A cluster left the fleet long ago, or has joined it. */
  left(cluster: string): void;
  joined(cluster: string): void;
}

export interface CallWatchDeps {
  readonly clusters: ReadonlyMap<string, SimCluster>;
  readonly store: SimStore;
  readonly verdicts: Verdicts;
}

/** RootSyncs and RepoSyncs; every list of the campaign fits one page. */
const LISTS = 2;

/** Law 7: calls go to members only. Law 8: no call is made that a reconcile on record has made. */
export function watchCalls({ clusters, store, verdicts }: CallWatchDeps): CallWatch {
  const inHand = new AsyncLocalStorage<TaskInHand>();
  const known = new Set(
    [...clusters.values()].filter(({ member }) => member).map(({ plan }) => plan.name),
  );
  return {
    async during({ cluster, messageId, publishTime, ahead = false }, work) {
      if (ahead) {
        await work();
        return;
      }
      const replacements = store.replacements(cluster);
      const record = await store.store.readCluster(cluster);
      // What one RSync still needs, a later task may be about.
      const settled = record?.syncs.every(({ unsettled }) => unsettled === undefined) ?? false;
      const covered = settled && publishTime.getTime() < Date.parse(record?.reconciledAt ?? '');
      const losses = store.losses.length;
      await inHand.run({ cluster, messageId, covered, losses, replacements, lists: 0 }, work);
    },
    left(cluster) {
      known.delete(cluster);
    },
    joined(cluster) {
      known.add(cluster);
    },
    called(cluster, verb) {
      const subjects = [`cluster ${cluster}`, 'world'];
      if (clusters.get(cluster)?.member !== true && !known.has(cluster)) {
        verdicts.violate('no cluster is called but members', `${verb} of ${cluster}`, subjects);
      }
      const task = inHand.getStore();
      if (task === undefined || task.losses !== store.losses.length) return;
      if (verb === 'list') task.lists += 1;
      const covered = task.covered && task.replacements === store.replacements(cluster);
      if (covered || task.lists > LISTS) {
        const why = covered ? 'was covered' : `lists ${task.lists} times`;
        verdicts.violate('no call is made in vain', `${task.messageId} ${why}: ${verb}`, subjects);
      }
    },
  };
}
