import * as z from 'zod';
import { type SyncState, listJson, rootSyncJson } from './rsync-json.ts';

/** A fleet host project with clusters of one RootSync each. */
export interface FleetPlan {
  readonly project: string;
  readonly number: string;
  readonly clusters: number;
  /** The image of each cluster's RootSync; the last one is that of all clusters that are left. */
  readonly images: readonly { readonly image: string; readonly clusters?: number }[];
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly patched?: true;
}

/** GKE Hub and Connect Gateway for one project, in memory. */
export interface FleetDouble {
  readonly number: string;
  /** A page of memberships. */
  memberships(offset: number, size: number): string;
  list(id: string, kind: 'rootsyncs' | 'reposyncs'): Answer;
  /** Merge patch of the RootSync, with its resourceVersion. */
  patch(id: string, body: string): Answer;
}

const LOCATION = 'us-west1';
const Patch = z.object({
  metadata: z.object({
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()),
  }),
});
const APPROVED = 'countersign.dev/approved';
const NOT_FOUND: Answer = { status: 404, body: '{"kind":"Status","code":404,"reason":"NotFound"}' };
const CONFLICT: Answer = { status: 409, body: '{"kind":"Status","code":409,"reason":"Conflict"}' };

export function createFleetDouble(plan: FleetPlan): FleetDouble {
  const { project, number, clusters } = plan;
  const states = new Map<string, SyncState>();
  const ids = Array.from({ length: clusters }, (_, at) => `cluster-${at}`);
  for (const [at, id] of ids.entries()) {
    states.set(id, { id, image: imageOf(plan, at), version: 1, annotations: {}, live: '' });
  }

  return {
    number,
    memberships(offset, size) {
      const page = ids.slice(offset, offset + size).map((id) => ({
        name: `projects/${project}/locations/${LOCATION}/memberships/${id}`,
        endpoint: { gkeCluster: { resourceLink: `//container.googleapis.com/${id}` } },
        labels: { env: 'prod' },
        state: { code: 'READY' },
        uniqueId: `${number}-${id}`,
      }));
      const next = offset + size < ids.length ? { nextPageToken: String(offset + size) } : {};
      return JSON.stringify({ resources: page, ...next });
    },
    list(id, kind) {
      const state = states.get(id);
      if (state === undefined) return NOT_FOUND;
      const { version } = state;
      const body =
        kind === 'rootsyncs'
          ? listJson('RootSync', version, [rootSyncJson(state)])
          : listJson('RepoSync', version, []);
      return { status: 200, body };
    },
    patch(id, body) {
      const state = states.get(id);
      const { data } = Patch.safeParse(JSON.parse(body));
      if (state === undefined || data === undefined) return NOT_FOUND;
      const { resourceVersion, annotations } = data.metadata;
      if (resourceVersion !== String(state.version)) return CONFLICT;
      state.version += 1;
      state.annotations = { ...state.annotations, ...annotations };
      const [digest = ''] = (state.annotations[APPROVED] ?? '').split(' ');
      state.live = digest.replace('sha256:', '');
      return { status: 200, body: rootSyncJson(state), patched: true };
    },
  };
}

function imageOf({ images }: FleetPlan, at: number): string {
  let end = 0;
  for (const { image, clusters = Infinity } of images) {
    end += clusters;
    if (at < end) return image;
  }
  return images.at(-1)?.image ?? '';
}
