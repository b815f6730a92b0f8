/** Where one RSync stands (docs/design.md#phases). */
export const PHASES = [
  'Ignored',
  'Refused',
  'Waiting',
  'Pending',
  'Rejected',
  'Approved',
  'Synced',
  'Failed',
  'Blocked',
  'Stalled',
  'Unguarded',
] as const;

export type Phase = (typeof PHASES)[number];

/** Phases that are wrong until something changes: each is followed by a recovery when it ends. */
export const FAILURE_PHASES = ['Refused', 'Failed', 'Blocked', 'Stalled', 'Unguarded'] as const;

export type FailurePhase = (typeof FAILURE_PHASES)[number];

/** Whether `phase` is one that needs a recovery. */
export function isFailurePhase(phase: Phase): phase is FailurePhase {
  return FAILURE_PHASES.some((failure) => failure === phase);
}

export const CLUSTER_PHASES = ['Reachable', 'Unreachable', 'NoConfigSync', 'Forbidden'] as const;

export type ClusterPhase = (typeof CLUSTER_PHASES)[number];

/** Where the roll-out of one digest of an image stands, over all clusters that follow it. */
export const ROLLOUT_STATUSES = ['progressing', 'degraded', 'completed'] as const;

export type RolloutStatus = (typeof ROLLOUT_STATUSES)[number];

/** What was last published of one RSync: all that is remembered, and only to publish each transition once. */
export interface PhaseRecord {
  readonly phase: Phase;
  /** What the phase is about: an approval key (a digest, or a chart and version). */
  readonly digest?: string;
  /** ISO 8601. */
  readonly since: string;
  /** The approval last published. */
  readonly approved?: string;
  /** What was last published as live, where it may run on while its tag names another digest, which waits. */
  readonly synced?: string;
  readonly failure?: {
    readonly phase: FailurePhase;
    readonly since: string;
    readonly digest?: string;
    /** Where the RSync stood before; absent where that is not known. */
    readonly before?: Phase;
  };
}
