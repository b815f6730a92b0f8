import { defined } from '#shared/core/defined.ts';
import { cleanLine, cutText } from '#shared/core/foreign-text.ts';
import type { ClusterRecord, Tally } from '#shared/store/store.ts';
import type { PresentRow } from './present-row.ts';

export type CauseKind = Tally['causes'][number]['kind'];

/** How urgent it is: an emergency is what an attack looks like; what waits is for a person, and nothing is wrong. */
export const SEVERITIES = ['emergency', 'error', 'warning', 'waiting'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const SEVERITY_OF: Readonly<Record<CauseKind, Severity>> = {
  unguarded: 'emergency',
  'break-glass': 'emergency',
  untrusted: 'error',
  unusable: 'error',
  refused: 'error',
  blocked: 'error',
  failed: 'error',
  stalled: 'error',
  unapproved: 'error',
  forbidden: 'error',
  unreachable: 'error',
  'no-config-sync': 'warning',
  unchecked: 'warning',
  unsettled: 'warning',
  incomplete: 'waiting',
  unsigned: 'waiting',
};

/** Why something is not well: what is the same for all of them, and what is said of this one. */
export type Cause = Pick<
  Tally['causes'][number],
  'kind' | 'image' | 'reason' | 'phase' | 'detail' | 'since'
>;

const MAX_DETAIL = 200;
/** Failures in a row after which a person should know of an RSync that cannot be looked at. */
const PATIENCE = 3;

/** What is wrong with one RSync; most often nothing. One under break-glass may have two causes. */
export function causesOf(row: PresentRow): readonly Cause[] {
  const { breakGlass, record } = row;
  const glass = breakGlass && { detail: shortLine(breakGlass), since: record.since };
  const kind = kindOf(row);
  return [
    ...(glass ? [aboutImage(row, 'break-glass', glass)] : []),
    ...(kind === undefined ? [] : [aboutImage(row, kind, describe(row, kind))]),
  ];
}

/** What is wrong with a cluster, which is the cause of whatever cannot be said of its RSyncs. */
export function causeOfCluster(record: ClusterRecord): Cause | undefined {
  const { phase, since, message = '', cluster } = record;
  const kind = CLUSTER_KINDS[phase];
  if (kind === undefined) return undefined;
  // Of many clusters the same text, but for their names.
  const id = cluster.split('/').at(-1) ?? cluster;
  const detail = shortLine(message.replaceAll(cluster, '…').replaceAll(id, '…'));
  return { kind, phase, since, ...(detail === '' ? {} : { detail }) };
}

const CLUSTER_KINDS: Readonly<Record<ClusterRecord['phase'], CauseKind | undefined>> = {
  Reachable: undefined,
  Unreachable: 'unreachable',
  NoConfigSync: 'no-config-sync',
  Forbidden: 'forbidden',
};

function kindOf(row: PresentRow): CauseKind | undefined {
  const { phase, verdict } = row.present;
  switch (phase) {
    case 'Unguarded':
      return 'unguarded';
    case 'Refused':
      return 'refused';
    case 'Rejected':
      return verdict === 'untrusted' || verdict === 'unusable' ? verdict : 'unapproved';
    case 'Blocked':
      return 'blocked';
    case 'Failed':
      return 'failed';
    case 'Stalled':
      return 'stalled';
    case 'Unknown':
      return verdict === 'unchecked' ? 'unchecked' : undefined;
    case 'Pending':
      if (verdict === 'unsigned' || verdict === 'incomplete') return verdict;
      return stuck(row);
    default:
      return stuck(row);
  }
}

function stuck({ unsettled }: PresentRow): CauseKind | undefined {
  return unsettled !== undefined && unsettled.attempts >= PATIENCE ? 'unsettled' : undefined;
}

function describe(row: PresentRow, kind: CauseKind): Pick<Cause, 'reason' | 'detail' | 'since'> {
  const { present, errors, unsettled, reasons = [] } = row;
  const { since, message } = present;
  if (kind === 'unsettled' && unsettled !== undefined) {
    return { reason: unsettled.code, detail: shortLine(message), since: unsettled.since };
  }
  const [error] = errors;
  const ofSync = kind === 'failed' || kind === 'blocked' || kind === 'stalled';
  if (ofSync && error !== undefined) {
    return { reason: shortLine(error.code), detail: shortLine(error.message), since };
  }
  const ofVerdict = kind === 'untrusted' || kind === 'unusable';
  const reason = ofVerdict && reasons.length > 0 ? reasons.join(', ') : undefined;
  return defined({ reason, detail: shortLine(message), since });
}

function aboutImage(
  { image, present }: PresentRow,
  kind: CauseKind,
  about: Pick<Cause, 'reason' | 'detail' | 'since'>,
): Cause {
  return defined({ kind, image, phase: present.phase, ...about });
}

/** Clusters, registries and tenants wrote it. */
function shortLine(text: string): string {
  const [line = ''] = text.split('\n', 1);
  return cutText(cleanLine(line), MAX_DETAIL);
}
