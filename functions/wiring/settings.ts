import type { Config } from '#shared/config/config.ts';
import type { ReconcileSettings } from '#shared/reconcile/deps.ts';

/** What the config says of a reconcile, beside images and policies. */
export function reconcileSettings({ sweep, unmatched, otherSources }: Config): ReconcileSettings {
  const { blockedAfterMs, deletingAfterMs, liveAfterMs } = sweep;
  return { blockedAfterMs, deletingAfterMs, liveAfterMs, unmatched, otherSources };
}
