import { hasEnded } from '#shared/core/rollout/moving.ts';
import type { Entry } from '#shared/records/records.ts';
import type { Found } from '#shared/rollouts/find-rule.ts';
import type { Fleets } from '#shared/rollouts/fleets.ts';
import { howFar } from '#shared/rollouts/how-far.ts';
import type { Tally } from '#shared/store/store.ts';
import { MAX_TALLIED_ROLLOUTS, MAX_TALLIED_STAGES } from '#shared/store/tally-note.ts';

/** How far the first roll-outs are that have not ended. */
export function tallyRollouts(
  entries: Iterable<Entry>,
  {
    fleets,
    find,
    now,
  }: {
    readonly fleets: Fleets;
    readonly find: (image: string) => Found;
    readonly now: Date;
  },
): Tally['rollouts'] {
  const open = [...entries].filter(({ record }) => record !== undefined && !hasEnded(record));
  return open.slice(0, MAX_TALLIED_ROLLOUTS).flatMap(({ image, record }) => {
    const { rule, strategy } = find(image);
    if (record === undefined || rule === undefined || strategy === undefined) return [];
    const fleet = fleets.of({ image, rule, signedBy: [], elsewhere: 0 });
    const { stages, message } = howFar({ record, strategy, now }, fleet);
    const counted = stages.slice(0, MAX_TALLIED_STAGES);
    return [{ id: record.id, version: record.version, stages: counted, message }];
  });
}
