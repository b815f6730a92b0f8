import type { Task } from '#shared/core/task.ts';
import type { Staging } from '#shared/reconcile/deps.ts';
import type { LookDeps } from '#shared/reconcile/look-at-cluster.ts';
import type { ListTags } from '#shared/registry/list-tags.ts';
import type { Planning } from '#shared/rollouts/plan-image.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import type { Store } from '#shared/store/store.ts';
import type { CheckPerson } from './check-person.ts';
import type { Streams } from './page/live/streams.ts';
import type { Kept } from './history/list-history.ts';

/** Everything the API needs of the world; `main.ts` puts it together. */
export interface ApiDeps extends LookDeps {
  readonly store: Pick<
    Store,
    'readCluster' | 'listClusters' | 'followers' | 'troubledTags' | 'readNote'
  >;
  /** Absent: the config names no `records`, so that there are no roll-outs. */
  readonly staging?: Staging;
  /** Absent: the config names no `history`, so that none is kept. */
  readonly kept?: Kept;
  readonly planning: Planning;
  /** The tags of a repository whose versions are followed; absent: none are. */
  readonly listTags?: ListTags;
  readonly checkPerson: CheckPerson;
  /** Resolves when the broker has every task. Throws `publish-failed`. */
  readonly publishTasks: (tasks: readonly Task[]) => Promise<void>;
  readonly publish: (event: StatusEvent) => Promise<void>;
  readonly newId: () => string;
  readonly streams: Streams;
}
