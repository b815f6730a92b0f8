import type { StatusEvent, StatusType } from './events.ts';

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
  // Each failure behind it is told as the ERROR that it is.
  'rollout.degraded': 'WARNING',
  'sweep.braked': 'ERROR',
  'withdrawal.unchecked': 'ERROR',
};

/** Severity of an event: its own, else that of its type. */
export function severityOf(event: StatusEvent): Severity {
  return event.severity ?? DEFAULTS[event.type] ?? 'INFO';
}
