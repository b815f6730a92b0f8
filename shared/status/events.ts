import type * as z from 'zod';
import type { ClusterPhase, PhaseRecord } from '#shared/core/phase.ts';
import type {
  BrakeData,
  ClusterData,
  FreezeData,
  HoldData,
  ImageData,
  ResyncData,
  RolloutData,
  SweepData,
  SyncData,
  UncheckedData,
} from './schema.ts';
import type { STATUS_DATA } from './status-data.ts';

export type StatusType = keyof typeof STATUS_DATA;

type TypesOf<Data> = {
  [Type in StatusType]: (typeof STATUS_DATA)[Type] extends Data ? Type : never;
}[StatusType];

interface EventOf<Data extends z.ZodType> {
  readonly type: TypesOf<Data>;
  readonly data: z.infer<Data>;
  /** Overrides the default of the type, for instance an approval under a policy that allows unsigned images. */
  readonly severity?: Severity;
  /** `traceparent` of what caused it. */
  readonly traceparent?: string;
}

export interface ImageEvent extends EventOf<typeof ImageData> {
  /** What was last published of the digest and its tag. */
  readonly replaced?: object;
  /** Where nothing was: message id of the notification, or the task's id; a retry has the same. */
  readonly cause?: string;
}

export interface SyncEvent extends EventOf<typeof SyncData> {
  readonly uid: string;
  /** The record that is replaced once this event is published. */
  readonly replaced: PhaseRecord | undefined;
  /** Of a recovery that replaces no record, the task that led to it: each loss of the record ends an episode. */
  readonly cause?: string;
  /** When what is published was approved, ISO 8601: names it in place of the record that is replaced. */
  readonly approvedAt?: string;
}

export interface ClusterEvent extends EventOf<typeof ClusterData> {
  readonly replaced: { readonly phase: ClusterPhase; readonly since: string } | undefined;
  /** As of a SyncEvent. */
  readonly cause?: string;
}

export type ResyncEvent = EventOf<typeof ResyncData>;

export interface FreezeEvent extends EventOf<typeof FreezeData> {
  /** Since when it is, or of one that is published again when that was last done. */
  readonly cause?: string;
}

export type SweepEvent = EventOf<typeof SweepData>;

export interface RolloutEvent extends EventOf<typeof RolloutData> {
  /** What was last published of this image; of one that has a strategy its record's version orders what is published. */
  readonly replaced: { readonly digest: string; readonly since: string } | undefined;
  /** Of what a person decides: made again over a newer version of the record, it is the same decision. */
  readonly request?: string;
}

export interface HoldEvent extends EventOf<typeof HoldData> {
  readonly uid: string;
  /** Names the decision, or which week of a hold it is. */
  readonly cause: string;
}

export interface BrakeEvent extends EventOf<typeof BrakeData> {
  /** Since when, and for which policies, the brake was on before. */
  readonly replaced: { readonly since: string; readonly policies: readonly string[] } | undefined;
  /** Of one that replaces none: when the last one was over, or else when this one began. */
  readonly cause?: string;
}

export interface UncheckedEvent extends EventOf<typeof UncheckedData> {
  /** The episode that ends. */
  readonly replaced: { readonly since: string } | undefined;
  /** As of a BrakeEvent. */
  readonly cause?: string;
}

export type StatusEvent =
  | ImageEvent
  | SyncEvent
  | ClusterEvent
  | ResyncEvent
  | FreezeEvent
  | RolloutEvent
  | HoldEvent
  | SweepEvent
  | BrakeEvent
  | UncheckedEvent;

/** The CloudEvents type of a status type: `sync.synced` is `dev.countersign.sync.synced.v1`. */
export function ceTypeOf(type: string): string {
  return `dev.countersign.${type}.v1`;
}

/** As Cloud Logging and alerting name them; subscription filters compare them exactly. */
export const SEVERITIES = ['INFO', 'WARNING', 'ERROR'] as const;

export type Severity = (typeof SEVERITIES)[number];

/** Types that are worth more than INFO unless the event itself says otherwise. */
const DEFAULTS: Partial<Record<StatusType, Severity>> = {
  'image.untrusted': 'ERROR',
  'image.unchecked': 'ERROR',
  'image.unusable': 'WARNING',
  'sync.failed': 'ERROR',
  'sync.blocked': 'ERROR',
  'sync.stalled': 'ERROR',
  'sync.unguarded': 'ERROR',
  'sync.refused': 'ERROR',
  'sync.withdrawn': 'WARNING',
  'cluster.unreachable': 'ERROR',
  'freeze.started': 'WARNING',
  // Each failure behind it is published as the ERROR that it is.
  'rollout.degraded': 'WARNING',
  'rollout.stage.skipped': 'WARNING',
  'rollout.halted': 'ERROR',
  'rollout.aborted': 'WARNING',
  'rollout.promoted': 'WARNING',
  'rollout.rolling-back': 'WARNING',
  'rollout.rolled-back': 'WARNING',
  'rollout.interrupted': 'ERROR',
  'sweep.braked': 'ERROR',
  'withdrawal.unchecked': 'ERROR',
};

/** Severity of an event: its own, else that of its type. */
export function severityOf(event: StatusEvent): Severity {
  return event.severity ?? DEFAULTS[event.type] ?? 'INFO';
}
