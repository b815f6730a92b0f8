import { defined } from '#shared/core/defined.ts';
import { type Meter, noMeter } from '#shared/telemetry/metrics.ts';
import type { AskCheck } from '#shared/evidence/ask-check.ts';
import type { Fleet, FleetList } from '#shared/fleet/fleet.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { PHASES } from '#shared/core/phase.ts';
import { type FanOutDeps, readSought } from '#shared/reconcile/fan-out.ts';
import { forgetCluster } from '#shared/reconcile/report-cluster.ts';
import type { ListTags } from '#shared/registry/list-tags.ts';
import type { ResolveNow } from '#shared/rollouts/way-back.ts';
import type { SweepEvent } from '#shared/status/events.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import { secondsSince } from '#shared/telemetry/observe-event.ts';
import { listStreams } from './list-streams.ts';
import { type Plan, planSweep } from './plan.ts';
import { isOutdated } from './judge-outdated.ts';
import { noteTally } from './note-tally.ts';
import { remindHolds } from './remind-holds.ts';
import { remindPending } from './remind-pending.ts';
import { reportRollouts } from './report-rollouts.ts';
import { type Snapshot, snapshotOf, syncsOf } from '#shared/reconcile/snapshot.ts';
import { settleOrders } from './settle-orders.ts';
import { sweepFreezes } from './sweep-freezes.ts';
import { type Fault, sweepRollouts } from './sweep-rollouts.ts';
import { weighWithdrawals } from './weigh-withdrawals.ts';

export interface SweepDeps
  extends Pick<
    ImageDeps,
    | 'store'
    | 'publish'
    | 'now'
    | 'rules'
    | 'policies'
    | 'tracks'
    | 'resolver'
    | 'verifier'
    | 'serial'
    | 'settled'
    | 'log'
    | 'staging'
  > {
  /** The tags of a repository whose versions are followed; absent: none are. */
  readonly listTags?: ListTags;
  readonly fleet: Pick<Fleet, 'list'>;
  readonly publishTasks: FanOutDeps['publishTasks'];
  readonly settings: SweepSettings;
  readonly newId: () => string;
  /** Whether what a roll-out replaces is still there: past every cache. */
  readonly resolveNow: ResolveNow;
  /** Absent: no stage of the config has checks. */
  readonly ask?: AskCheck | undefined;
  readonly meter?: Meter;
}

export interface SweepSettings {
  readonly periodMs: number;
  /** Calls to clusters that all sweeps may cost in a minute (docs/design.md#law-8). */
  readonly callsPerMinute: number;
  /** Share of the fleet, between 0 and 1. */
  readonly withdrawBrake: number;
  readonly pendingAfterMs: number;
}

/** Entries of one list in `sweep.completed`. */
const MAX_LISTED = 200;

const SWEEP_NOTE = 'fleet';

/**
 * One sweep: forgets the clusters that left the fleet, weighs withdrawals, takes roll-outs their next step, tasks every cluster whose turn has come, and
 * publishes what only a look at the whole fleet shows. It ends with `sweep.completed`, whose absence is an alert. Two at
 * once do each other no harm: tasks are read once, and events repeat their ids.
 */
export async function handleSweep(
  deps: SweepDeps,
): Promise<{ readonly id: string; readonly clusters: number; readonly tasked: number }> {
  const { store, settings, meter = noMeter } = deps;
  const id = deps.newId();
  const now = deps.now();
  const [fleet, known, last] = await Promise.all([
    deps.fleet.list(),
    store.everyCluster(),
    store.readNote('sweep', SWEEP_NOTE),
  ]);
  const records = await forgetDeparted(fleet, known, deps);
  const snapshot = snapshotOf(fleet, records);
  const undecided = await weighWithdrawals(snapshot, { ...deps, ...settings });
  for (const error of undecided.slice(0, MAX_LISTED)) {
    deps.log.warn({ error }, 'Approvals could not be judged');
  }
  const { staging } = deps;
  const { listTags } = deps;
  const unlisted = listTags === undefined ? [] : await listStreams(snapshot, { ...deps, listTags });
  const frozen = staging && (await sweepFreezes({ ...deps, staging }));
  const staged =
    staging && (await sweepRollouts(snapshot, frozen?.freezing, { ...deps, id, staging }));
  // After the records: who is tasked now is admitted by what is recorded.
  const plan = planSweep({
    ...snapshot,
    ...settings,
    last,
    now,
    isOutdated: (row) => isOutdated(row, deps),
    isSought: await readSought(deps.rules, deps),
    ...defined({ admissions: staged?.admissions, freezing: frozen?.freezing }),
  });
  await deps.publishTasks(plan.due.map((cluster) => ({ cluster, reason: 'sweep', id })));
  await remindHolds(snapshot, last?.startedAt, deps);
  await store.writeNote('sweep', SWEEP_NOTE, plan.note);
  await remindPending(snapshot, { ...deps, ...settings });
  await noteTally(snapshot, staged?.tallied ?? [], deps);
  await reportRollouts(snapshot, deps, staged?.isStaged);
  const unsettled = await settleOrders(snapshot, staging?.orders, deps);
  const faults = [
    ...undecided,
    ...unlisted,
    ...(frozen?.faults ?? []),
    ...(staged?.faults ?? []),
    ...unsettled,
  ];
  await deps.publish(describe({ id, now, plan, fleet, snapshot, faults }, settings));
  measureFleet(snapshot, now, meter);
  await store.mend();
  meter.record('sweep_duration', secondsSince(now, deps.now()), {});
  return { id, clusters: fleet.members.length, tasked: plan.due.length };
}

interface Swept {
  readonly id: string;
  readonly now: Date;
  readonly plan: Plan;
  readonly fleet: FleetList;
  readonly snapshot: Snapshot;
  readonly faults: readonly Fault[];
}

function describe(
  { id, now, plan, fleet, snapshot, faults }: Swept,
  settings: SweepSettings,
): SweepEvent {
  const { members } = fleet;
  const phases = members.map(({ name }) => snapshot.records.get(name)?.phase);
  const broken = syncsOf(snapshot).filter(({ row }) => row.breakGlass !== undefined);
  const unlisted = fleet.unreachable.map((place) => ({
    code: 'fleet-unavailable',
    message: `${place} could not be listed: its clusters are as they were`,
  }));
  const errors = [...unlisted, ...faults.map(({ code, message }) => ({ code, message }))];
  const left = plan.postponed === 0 ? '' : `; ${plan.postponed} wait for the budget of calls`;
  return {
    type: 'sweep.completed',
    data: {
      id,
      clusters: members.length,
      tasked: plan.due.length,
      unsettled: plan.unsettled,
      unreachable: phases.filter((phase) => phase === 'Unreachable').length,
      periodSeconds: plan.periodMs / 1000,
      configuredPeriodSeconds: settings.periodMs / 1000,
      breakGlass: broken
        .map(({ record, row }) => `${record.cluster}/${row.sync}`)
        .slice(0, MAX_LISTED),
      since: now.toISOString(),
      errors: errors.slice(0, MAX_LISTED),
      message: `Tasked ${plan.due.length} of ${members.length} clusters${left}`,
    },
  };
}

/** Forgets the clusters that left the fleet, unless a part of it could not be listed; returns the other records. */
async function forgetDeparted(
  { members, unreachable }: FleetList,
  records: ReadonlyMap<string, ClusterRecord>,
  deps: Pick<ImageDeps, 'publish' | 'store' | 'now'>,
): Promise<ReadonlyMap<string, ClusterRecord>> {
  if (unreachable.length > 0) return records;
  const present = new Set(members.map(({ name }) => name));
  for (const [name, record] of records) if (!present.has(name)) await forgetCluster(record, deps);
  return new Map([...records].filter(([name]) => present.has(name)));
}

/** What a sweep reads off the whole fleet: how far behind it is, and how many RSyncs are in each phase, none included. */
function measureFleet(snapshot: Snapshot, now: Date, meter: Meter): void {
  const { members, records } = snapshot;
  const seen = members.flatMap(({ name }) => {
    const { lookedAt, reconciledAt } = records.get(name) ?? {};
    const at = lookedAt ?? reconciledAt;
    return at === undefined ? [] : [Date.parse(at)];
  });
  // A cluster that was not seen yet is news, not lag; where it stays so, it is unsettled.
  const oldest = Math.min(now.getTime(), ...seen);
  meter.record('sweep_lag', secondsSince(new Date(oldest), now), {});
  const byPhase = Map.groupBy(syncsOf(snapshot), ({ row }) => row.record.phase);
  for (const phase of PHASES) {
    meter.record('fleet_rsyncs', byPhase.get(phase)?.length ?? 0, { phase });
  }
}
