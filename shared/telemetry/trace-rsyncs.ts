import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { Tracing } from '#shared/core/tracing.ts';
import type { RSyncs } from '#shared/configsync/rsyncs.ts';

/** What is read from and written to clusters, each call a step; a list is all of its pages. */
export function traceRSyncs(rsyncs: RSyncs, tracing: Tracing): RSyncs {
  return {
    list(api) {
      const attributes = { 'countersign.cluster': api.cluster };
      return tracing.span('list', { attributes }, async (span) => {
        const found = await rsyncs.list(api);
        span.set({ 'countersign.rsyncs': found.length });
        return found;
      });
    },
    read(api, ref) {
      const attributes = about(api.cluster, formatSyncRef(ref));
      return tracing.span('read', { attributes }, () => rsyncs.read(api, ref));
    },
    write(api, rsync, patch) {
      const attributes = about(api.cluster, formatSyncRef(rsync.ref));
      return tracing.span('patch', { attributes }, () => rsyncs.write(api, rsync, patch));
    },
    nomos: (rsync) => rsyncs.nomos(rsync),
  };
}

function about(cluster: string, sync: string): Readonly<Record<string, string>> {
  return { 'countersign.cluster': cluster, 'countersign.sync': sync };
}
