import type { SnapshotDeps } from '../fleet/read-snapshot.ts';
import type { ReadOverview } from '../overview/read-overview.ts';
import type { TallyReader } from '../overview/read-tally.ts';
import type { ResyncDeps } from '../resync/request-resync.ts';
import type { StagedDeps } from '../rollouts/deps.ts';

/** What the page is made from. */
export interface PageDeps extends ResyncDeps, SnapshotDeps {
  /** Absent where the config names no `records`. */
  readonly staged: StagedDeps | undefined;
  readonly tally: TallyReader;
  readonly overview: ReadOverview;
}
