import { formatReference } from '#shared/core/reference.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { ImageDeps } from './deps.ts';
import type { WriteInput, Written } from './write.ts';

/**
 * Publishes which approved keys are taken out because nobody accounts for them and they do not verify. Before the
 * write: afterwards nothing would tell that they were there.
 */
export async function reportDropped(
  { rsync, followed, decision }: Written,
  { api, previous }: Pick<WriteInput, 'api' | 'previous'>,
  { publish, now }: Pick<ImageDeps, 'publish' | 'now'>,
): Promise<void> {
  for (const key of decision.dropped) {
    await publish({
      type: 'sync.withdrawn',
      uid: rsync.uid,
      replaced: previous,
      data: {
        ...(followed?.resolved ? { image: formatReference(followed.resolved.reference) } : {}),
        digest: key,
        cluster: api.cluster,
        sync: formatSyncRef(rsync.ref),
        phase: decision.observation.phase,
        since: now().toISOString(),
        errors: [],
        message: `Taken out of the approved list: ${key} was put there by another writer, and is not verified`,
      },
    });
  }
}
