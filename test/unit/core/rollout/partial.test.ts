import { describe, expect, it } from 'vitest';
import { advance } from '#shared/core/rollout/advance.ts';
import type { Fleet, FleetCluster } from '#shared/core/rollout/fleet.ts';
import type { Amendment, RolloutRecord } from '#shared/core/rollout/record.ts';
import { recover } from '#shared/core/rollout/recover.ts';
import {
  HOUR,
  NOW,
  cluster,
  fleet,
  iso,
  live,
  record,
  strategy,
  typesOf,
} from '#test/fixtures/rollout.ts';

const rest = cluster('r1', 'rest');
const canary = (changes: Parameters<typeof cluster>[2]): FleetCluster =>
  cluster('c1', 'canary', changes);

function partial(clusters: readonly FleetCluster[]): Fleet {
  return { ...fleet(...clusters), partial: true };
}

describe('while clusters are missing from the list', () => {
  it.each<
    [string, Partial<RolloutRecord>, readonly FleetCluster[], Amendment, (readonly string[])?]
  >([
    ['no stage is skipped', {}, [rest], { stage: 'canary', version: 7 }],
    ['the fleet is not taken for empty', {}, [], { cause: undefined, version: 7 }],
    [
      'no stage is passed, and its soak goes on',
      { status: 'soaking', okSince: iso(-HOUR) },
      [canary(live()), rest],
      { status: 'soaking', stage: 'canary', okSince: iso(-HOUR), version: 7 },
    ],
    [
      'nothing is completed',
      { stage: 'rest' },
      [canary(live()), cluster('r1', 'rest', live())],
      { status: 'rolling', stage: 'rest', okSince: iso(0) },
    ],
    [
      'nothing is rolled back as a whole',
      { kind: 'rollback', digest: 'C', status: 'rolling-back', rejected: ['D'] },
      [canary({}), rest],
      { status: 'rolling-back', version: 7 },
    ],
    ['the stage is let in', {}, [canary({}), rest], { cursor: { cluster: 'c1' } }],
    [
      'failures halt',
      { cursor: { cluster: 'c1' } },
      [canary({ ...live(), failing: 'D' }), rest],
      { status: 'halted', cause: 'failures' },
      ['halted'],
    ],
  ])('%s', (_, from, clusters, to, notices = []) => {
    const change = advance(record(from), strategy(), partial(clusters), NOW);
    const found = Object.entries(change.record).filter(([key]) => Object.hasOwn(to, key));
    expect(Object.fromEntries(found)).toEqual(to);
    expect(typesOf(change)).toEqual(notices);
  });

  it('no image is taken over', () => {
    const target = { digest: 'D', resolvedAt: iso(-1), id: 'r9', by: 'sweep' };
    const missing = { image: 'registry.example/app:v1', target, fresh: true };
    const seen = partial([canary(live())]);
    expect(recover(missing, strategy(), seen, NOW)).toBeUndefined();
    expect(recover({ ...missing, fresh: false }, strategy(), seen, NOW)?.record).toMatchObject({
      status: 'paused',
      cause: 'record-lost',
    });
  });
});
