import { SEVERITIES, type Severity } from '#shared/status/severity.ts';
import type { Told } from './read-event.ts';

/** What an event means for alerts. */
export type Meaning =
  /** `member` is wrong since then; failures of one `group` are one alert. */
  | { readonly kind: 'failure'; readonly member: string; readonly group: string }
  /** `member` is right again; `always`: worth telling even when nobody remembers its failure. */
  | {
      readonly kind: 'recovery';
      readonly member: string;
      readonly group: string;
      readonly always: boolean;
    }
  /** Worth knowing, and never over. */
  | { readonly kind: 'notice'; readonly member: string; readonly group: string }
  | { readonly kind: 'nothing' };

/** What ends which failures. Types of one family are about the same members. */
const FAMILIES = [
  { failures: ['cluster.unreachable'], recoveries: ['cluster.recovered'] },
  {
    failures: ['sync.failed', 'sync.blocked', 'sync.stalled', 'sync.unguarded', 'sync.refused'],
    recoveries: ['sync.recovered'],
  },
  {
    failures: ['image.unsigned', 'image.untrusted', 'image.unusable', 'image.unchecked'],
    recoveries: ['image.verified'],
  },
  { failures: ['rollout.degraded'], recoveries: ['rollout.completed'] },
  { failures: ['sweep.braked'], recoveries: ['sweep.recovered'] },
  { failures: ['withdrawal.unchecked'], recoveries: ['withdrawal.recovered'] },
] as const;

/** Sorts an event; failures and notices below `least` are nothing. */
export function classify(told: Told, least: Severity): Meaning {
  const { type } = told;
  const [family = ''] = type.split('.');
  const member = `${family} ${subjectOf(told)}`;
  const isOf = (types: readonly string[]): boolean => types.includes(type);
  if (FAMILIES.some(({ recoveries }) => isOf(recoveries))) {
    // An image that verifies and a roll-out that completes are mostly no recovery at all.
    return {
      kind: 'recovery',
      member,
      group: `recovered ${family}`,
      always: type.endsWith('.recovered'),
    };
  }
  if (rank(told.severity) < rank(least)) return { kind: 'nothing' };
  // Many clusters fail over one digest, whether Config Sync calls it failed or blocked.
  const about = told.digest ?? told.image ?? '';
  if (FAMILIES.some(({ failures }) => isOf(failures))) {
    return { kind: 'failure', member, group: family === 'cluster' ? family : `${family} ${about}` };
  }
  return { kind: 'notice', member, group: `${type} ${about}` };
}

function subjectOf({ cluster, sync, image }: Told): string {
  if (cluster === undefined) return image ?? 'fleet';
  return sync === undefined ? cluster : `${cluster}/${sync}`;
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}
