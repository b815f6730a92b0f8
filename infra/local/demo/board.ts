import { SEEDED_SYNCS } from '../world/seed-syncs.ts';
import type { Received } from './event-log.ts';

/** One RSync of one cluster, as the status events tell it. */
export interface Row {
  readonly cluster: string;
  readonly sync: string;
  /** Repository that it follows. */
  readonly repository: string;
  readonly phase: string;
  readonly digest: string | undefined;
}

/** `RootSync/root-sync`, `RepoSync/team-a/repo-sync`: as events and the API name an RSync. */
export function syncName({ kind, namespace, name }: (typeof SEEDED_SYNCS)[number]): string {
  return kind === 'RootSync' ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

/** Every RSync of the world, before anything was pushed. */
export function emptyBoard(registry: string, clusters: readonly string[]): Row[] {
  return SEEDED_SYNCS.flatMap((seed) =>
    clusters.map((cluster) => ({
      cluster,
      sync: syncName(seed),
      repository: `${registry}/${seed.image.replace(/:[^:]*$/, '')}`,
      phase: 'No image',
      digest: undefined,
    })),
  );
}

/** The board after an event: an image's verdict holds for all that follow it, an RSync's event for itself. */
export function applyEvent(board: readonly Row[], event: Received): Row[] {
  const { type, digest } = event;
  return board.map((row) => {
    if (type === 'image.unsigned' && event.image === row.repository) {
      return row.phase === 'No image' ? { ...row, phase: 'Pending', digest } : row;
    }
    if (event.cluster !== row.cluster || event.sync !== row.sync) return row;
    return { ...row, phase: event.phase ?? row.phase, digest: digest ?? row.digest };
  });
}
