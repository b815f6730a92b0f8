import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { GatewayFault } from '#test/fakes/gateway/hub.ts';
import { CIRCUIT_OPEN_MS } from '#shared/fleet/limits.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import { A } from '#test/fixtures/digests.ts';
import {
  type FleetWorld,
  type Outcome,
  nameOf,
  startFleetWorld,
} from '#test/fixtures/fleet-world.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { until } from '#test/fixtures/until.ts';

/** The first, and the client's default retries. */
const ATTEMPTS = 3;
/** Of a call to a dead one. Held: it passes when the test says so. */
const DEAD_MS = 54_321;

function idsOf(kind: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${index}`);
}

const GOOD = idsOf('good', 180);
const BAD = {
  dead: idsOf('dead', 5),
  busy: idsOf('busy', 5),
  slow: idsOf('slow', 5),
  bare: idsOf('bare', 5),
};
const slow = Promise.withResolvers<void>();
const FAULTS: readonly (readonly [readonly string[], GatewayFault])[] = [
  [BAD.dead, { kind: 'dead' }],
  [BAD.busy, { kind: 'busy' }],
  [BAD.slow, { kind: 'slow', until: slow.promise }],
];
/** Those that cannot be read; the slow ones can. */
const UNREADABLE = [...BAD.dead, ...BAD.busy, ...BAD.bare];

/** One turn of the whole fleet, and what it cost and published. */
interface Round {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** Calls to each cluster, by full name. */
  readonly calls: ReadonlyMap<string, number>;
  readonly events: readonly StatusEvent[];
}

async function runRound(world: FleetWorld, reason: 'push' | 'sweep'): Promise<Round> {
  const before = new Map(world.gateway.calls);
  const told = world.events.length;
  const outcomes = await world.round(reason);
  const calls = [...outcomes.keys()].map(
    (name) => [name, (world.gateway.calls.get(name) ?? 0) - (before.get(name) ?? 0)] as const,
  );
  return { outcomes, calls: new Map(calls), events: world.events.slice(told) };
}

function resultsOf({ outcomes }: Round, ids: readonly string[]): ReadonlySet<unknown> {
  return new Set(ids.map((id) => outcomes.get(nameOf(id))));
}

function callsOf({ calls }: Round, ids: readonly string[]): ReadonlySet<unknown> {
  return new Set(ids.map((id) => calls.get(nameOf(id))));
}

/** `type cluster phase`, sorted; events of images, which no cluster has for its own, are left out. */
function clusterEvents({ events }: Round): readonly string[] {
  return events
    .flatMap(({ type, data }) =>
      'cluster' in data && 'phase' in data ? [`${type} ${data.cluster} ${data.phase}`] : [],
    )
    .toSorted();
}

function expected(type: string, ids: readonly string[], phase: string): readonly string[] {
  return ids.map((id) => `${type} ${nameOf(id)} ${phase}`);
}

describe('a fleet of 200 clusters, 20 of them bad', () => {
  let world: FleetWorld;
  let first: Round;
  let second: Round;
  let healed: Round;
  /** Which clusters are approved before the slow ones are let go on, and before the dead ones are given up. */
  const approved: Record<'beforeSlow' | 'beforeDead', readonly string[]> = {
    beforeSlow: [],
    beforeDead: [],
  };

  function approvedNow(): readonly string[] {
    return [...GOOD, ...BAD.slow, ...UNREADABLE].filter((id) => world.approvedOn(nameOf(id)) === A);
  }

  beforeAll(async () => {
    // The bad ones come first, so that they stand in the way of all others.
    const ids = [...Object.values(BAD).flat(), ...GOOD];
    world = await startFleetWorld({
      ids,
      bare: BAD.bare,
      hasty: { ids: BAD.dead, callMs: DEAD_MS },
    });
    for (const [some, fault] of FAULTS) {
      for (const id of some) world.gateway.faults.set(nameOf(id), fault);
    }
    // Circuits open and close by the clock alone.
    vi.useFakeTimers({ toFake: ['Date'] });
    using deadlines = holdTimers(DEAD_MS);
    const running = runRound(world, 'push');
    await until(() => approvedNow().length >= GOOD.length);
    approved.beforeSlow = approvedNow();
    slow.resolve();
    await until(() => approvedNow().length >= GOOD.length + BAD.slow.length);
    await until(() => BAD.dead.every((id) => world.gateway.calls.get(nameOf(id)) === 2));
    approved.beforeDead = approvedNow();
    deadlines.pass();
    first = await running;
    second = await runRound(world, 'sweep');
    world.gateway.faults.clear();
    vi.setSystemTime(Date.now() + CIRCUIT_OPEN_MS);
    healed = await runRound(world, 'sweep');
  });

  afterAll(async () => {
    vi.useRealTimers();
    await world?.close();
  });

  it('approves the other 180 while the slow and the dead ones keep it waiting', () => {
    expect(resultsOf(first, GOOD)).toEqual(new Set(['reconciled']));
    expect(approved.beforeSlow).toEqual(GOOD);
  });

  it('spends two lists and a patch on each of them, and two lists when nothing is left to do', () => {
    expect(callsOf(first, GOOD)).toEqual(new Set([3]));
    expect(callsOf(second, GOOD)).toEqual(new Set([2]));
  });

  it('approves the slow ones too, while the dead ones keep it waiting', () => {
    expect(resultsOf(first, BAD.slow)).toEqual(new Set(['reconciled']));
    expect(approved.beforeDead).toEqual([...GOOD, ...BAD.slow]);
  });

  it('reports each bad one once, by its own event', () => {
    expect(resultsOf(first, UNREADABLE)).toEqual(new Set(['unreachable']));
    expect(clusterEvents(first)).toEqual(
      [
        ...expected('sync.approved', [...GOOD, ...BAD.slow], 'Approved'),
        ...expected('cluster.unreachable', [...BAD.dead, ...BAD.busy], 'Unreachable'),
        ...expected('cluster.unreachable', BAD.bare, 'NoConfigSync'),
      ].toSorted(),
    );
  });

  it('spends one deadline on a dead one, and nothing while its circuit is open', () => {
    expect(callsOf(first, BAD.dead)).toEqual(new Set([2]));
    expect(callsOf(second, BAD.dead)).toEqual(new Set([0]));
    expect(resultsOf(second, BAD.dead)).toEqual(new Set(['unreachable']));
  });

  it('repeats the calls of a busy one a few times, then spares it too', () => {
    expect(callsOf(first, BAD.busy)).toEqual(new Set([2 * ATTEMPTS]));
    expect(callsOf(second, BAD.busy)).toEqual(new Set([0]));
  });

  it('tries again, in the next round, the clusters that have answered', () => {
    expect(callsOf(second, BAD.bare)).toEqual(new Set([2]));
    expect(resultsOf(second, BAD.slow)).toEqual(new Set(['reconciled']));
  });

  it('reports nothing twice', () => {
    expect(clusterEvents(second)).toEqual([]);
  });

  it('finds those that have come back, approves them, and reports each once', () => {
    const back = [...BAD.dead, ...BAD.busy];
    expect(resultsOf(healed, back)).toEqual(new Set(['reconciled']));
    expect(back.filter((id) => world.approvedOn(nameOf(id)) !== A)).toEqual([]);
    expect(clusterEvents(healed)).toEqual(
      [
        ...expected('cluster.recovered', back, 'Reachable'),
        ...expected('sync.approved', back, 'Approved'),
      ].toSorted(),
    );
  });
});
