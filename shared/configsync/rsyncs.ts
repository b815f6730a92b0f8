import { FIELD_MANAGER } from '#shared/core/annotations.ts';
import type { RSyncPatch } from '#shared/core/approve.ts';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { SyncKind, SyncRef } from '#shared/core/sync-ref.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import { type NomosRow, nomosRow } from './nomos-status.ts';
import { readRSync } from './read-rsync.ts';

/** RSyncs per list call: one call for all but the largest clusters. */
const PAGE_SIZE = 500;

/** A page too large to take is asked for in tenths; one object at a time always fits. */
const PAGE_SHRINK = 10;

/** Pages per list; a cluster that never stops listing is not believed. */
const MAX_PAGES = 1_000;

/** The RSyncs of a cluster, read and written. All but `nomos` throw what `ClusterApi` throws. */
export interface RSyncs {
  /** All of both kinds; `cluster-conflict`: the list went stale between two pages, and is to be made anew. */
  list(api: ClusterApi): Promise<readonly RSync[]>;
  /** Undefined when it is gone. */
  read(api: ClusterApi, ref: SyncRef): Promise<RSync | undefined>;
  /** Writes with the resourceVersion of `rsync`. Throws `cluster-conflict` when that is stale. */
  write(api: ClusterApi, rsync: RSync, patch: RSyncPatch): Promise<void>;
  /** What `nomos status` shows of it. */
  nomos(rsync: RSync): NomosRow;
}

export interface RSyncsDeps {
  /** Called for each object that cannot even be named, and is left out: one bad object never hides the others. */
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
      const [roots, repos] = await Promise.all([
        listKind(api, 'RootSync', onUnreadable),
        listKind(api, 'RepoSync', onUnreadable),
      ]);
      return [...roots, ...repos];
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

async function listKind(
  api: ClusterApi,
  kind: SyncKind,
  onUnreadable: RSyncsDeps['onUnreadable'],
): Promise<readonly RSync[]> {
  const rsyncs: RSync[] = [];
  let next: string | undefined;
  let limit = PAGE_SIZE;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await listPage(api, kind, limit, next);
    limit = page.limit;
    for (const item of page.items) {
      try {
        // Items may come without their kind; the list says it, and what an item says of itself does not count.
        rsyncs.push(readRSync(typeof item === 'object' ? { ...item, kind } : item));
      } catch (error) {
        onUnreadable(api.cluster, toFailure(error).message);
      }
    }
    if (page.continue === undefined) return rsyncs;
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

/** The JSON merge patch of `patch` alone, with the resourceVersion that was listed. */
export function buildPatchBody(
  rsync: Pick<RSync, 'resourceVersion'>,
  { annotations, image, version }: RSyncPatch,
): Readonly<Record<string, unknown>> {
  const metadata = { resourceVersion: rsync.resourceVersion, annotations };
  if (image !== undefined) return { metadata, spec: { oci: { image } } };
  return version === undefined ? { metadata } : { metadata, spec: { helm: { version } } };
}
