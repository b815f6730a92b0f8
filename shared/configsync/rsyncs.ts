import { FIELD_MANAGER } from '#shared/core/annotations.ts';
import type { ApprovalPatch } from '#shared/core/approve.ts';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { SyncKind, SyncRef } from '#shared/core/sync-ref.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import { MAX_PAGES, PAGE_SHRINK, PAGE_SIZE } from './limits.ts';
import { type NomosRow, nomosRow } from './nomos-status.ts';
import { readRSync } from './read-rsync.ts';

/** The RSyncs of a cluster, read and written. All but `nomos` throw what `ClusterApi` throws. */
export interface RSyncs {
  list(api: ClusterApi): Promise<readonly RSync[]>;
  /** Undefined when it is gone. */
  read(api: ClusterApi, ref: SyncRef): Promise<RSync | undefined>;
  /** Writes with the resourceVersion of `rsync`. Throws `cluster-conflict` when that is stale. */
  write(api: ClusterApi, rsync: RSync, patch: ApprovalPatch): Promise<void>;
  /** What `nomos status` shows of it. */
  nomos(rsync: RSync): NomosRow;
}

export interface RSyncsDeps {
  /** Called for each object that had to be left out of a list. */
  readonly onUnreadable: (cluster: string, problem: string) => void;
}

/**
 * Config Sync's objects, over any cluster's API.
 *
 * @example
 * const rsyncs = createRSyncs({ onUnreadable: (cluster, problem) => log.warn({ cluster, problem }, 'Left out') });
 * const found = await rsyncs.list(await fleet.connect(member));
 */
export function createRSyncs({ onUnreadable }: RSyncsDeps): RSyncs {
  return {
    async list(api) {
      const { rsyncs, unreadable } = await listRSyncs(api);
      for (const problem of unreadable) onUnreadable(api.cluster, problem);
      return rsyncs;
    },
    async read(api, ref) {
      const object = await api.get(ref);
      return object === undefined ? undefined : readRSync(object);
    },
    async write(api, rsync, patch) {
      const body = buildPatchBody(rsync, patch);
      await api.patch(rsync.ref, body, { fieldManager: FIELD_MANAGER });
    },
    nomos: nomosRow,
  };
}

export interface RSyncList {
  readonly rsyncs: readonly RSync[];
  /** Why an object was left out: it cannot even be named. One bad object never hides the others. */
  readonly unreadable: readonly string[];
}

/**
 * All RootSyncs and RepoSyncs of a cluster, in two calls where each fits a page. Throws what `ClusterApi.list` throws,
 * `cluster-conflict` too: a list that went stale between two pages is to be made anew.
 */
export async function listRSyncs(api: ClusterApi): Promise<RSyncList> {
  const [roots, repos] = await Promise.all([listKind(api, 'RootSync'), listKind(api, 'RepoSync')]);
  return {
    rsyncs: [...roots.rsyncs, ...repos.rsyncs],
    unreadable: [...roots.unreadable, ...repos.unreadable],
  };
}

async function listKind(api: ClusterApi, kind: SyncKind): Promise<RSyncList> {
  const rsyncs: RSync[] = [];
  const unreadable: string[] = [];
  let next: string | undefined;
  let limit = PAGE_SIZE;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await listPage(api, kind, limit, next);
    limit = page.limit;
    for (const item of page.items) {
      try {
        rsyncs.push(readItem(item, kind));
      } catch (error) {
        unreadable.push(toFailure(error).message);
      }
    }
    if (page.continue === undefined) return { rsyncs, unreadable };
    next = page.continue;
  }
  throw new CountersignError(
    'cluster-unreachable',
    `Cluster ${JSON.stringify(api.cluster)} lists ${kind}s without end`,
    { retry: false },
  );
}

interface SizedPage {
  readonly items: readonly unknown[];
  readonly continue?: string;
  /** What fitted: the pages that follow need not fail first. */
  readonly limit: number;
}

/** A tenant may make RepoSyncs as large as etcd takes them; that must not cost the cluster its list. */
async function listPage(
  api: ClusterApi,
  kind: SyncKind,
  limit: number,
  next: string | undefined,
): Promise<SizedPage> {
  try {
    const page = await api.list(kind, defined({ limit, continue: next }));
    return { ...page, limit };
  } catch (error) {
    const tooLarge = error instanceof CountersignError && error.code === 'too-large';
    if (!tooLarge || limit === 1) throw error;
    return listPage(api, kind, Math.max(1, Math.floor(limit / PAGE_SHRINK)), next);
  }
}

/** Items of a list may come without their kind; the list says it, and what an item says of itself does not count. */
function readItem(item: unknown, kind: SyncKind): RSync {
  return readRSync(typeof item === 'object' && item !== null ? { ...item, kind } : item);
}

/**
 * The JSON merge patch, with the resourceVersion that was listed: another write in between makes it a conflict. It
 * touches nothing that `patch` does not name.
 */
export function buildPatchBody(
  rsync: Pick<RSync, 'resourceVersion'>,
  { annotations, image, version }: ApprovalPatch,
): Readonly<Record<string, unknown>> {
  const metadata = { resourceVersion: rsync.resourceVersion, annotations };
  if (image !== undefined) return { metadata, spec: { oci: { image } } };
  return version === undefined ? { metadata } : { metadata, spec: { helm: { version } } };
}
