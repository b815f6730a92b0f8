import type { Overview } from '../api/overview-schema.ts';
import type { View } from '../output/view.ts';
import { drawFleet, type Fleet, sayFleet } from './fleet.ts';
import { drawOverview } from './overview.ts';

/** What was found out: of the whole fleet an overview, of a part of it, or for programs, the rows. */
export interface Status {
  readonly overview?: Overview;
  readonly fleet?: Fleet;
  /** Why there are no rows of what was asked for by name. */
  readonly missing?: string;
  /** What people have frozen, a line each, where the overview does not say. */
  readonly frozen: readonly string[];
  /** Everything is asked for. */
  readonly all: boolean;
}

/** Whether all is well and why not, worst first, and as much more as was asked for. */
export function viewStatus({ overview, fleet, missing, frozen, all }: Status): View {
  return {
    value: { ...(overview && { overview }), ...fleet },
    names: () => (fleet?.syncs ?? []).map(({ cluster, sync }) => `${cluster} ${sync}`),
    lines: (paper) => [
      ...(overview === undefined ? [] : drawOverview(overview, all, paper)),
      ...(fleet === undefined || overview !== undefined ? [] : [missing ?? sayFleet(fleet)]),
      ...(fleet === undefined ? [] : drawFleet(fleet, paper)),
      ...frozen,
    ],
  };
}
