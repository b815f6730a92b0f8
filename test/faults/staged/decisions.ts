import type { RolloutRecord } from '#shared/core/rollout/record.ts';

/** What was decided of one image, and when; moments as `InHand` counts them. */
export interface Decisions {
  /** A record is in place from now on. */
  recorded(moment: number, record: RolloutRecord): void;
  /** A person did this, and it is recorded. */
  commanded(moment: number, deed: Deed): void;
  /** The record is lost; nothing may move until a person says so. */
  lost(moment: number): void;
  /** Why nothing may be newly approved by a handler that read at that moment; undefined: it may. */
  stopAt(moment: number): string | undefined;
  /** The record that was in place. */
  recordAt(moment: number): RolloutRecord | undefined;
  isRejectedAt(moment: number, digest: string): boolean;
  isLostAt(moment: number): boolean;
  /** Whether a person has chosen to go on with the digest without that cluster. */
  isIgnored(cluster: string, digest: string): boolean;
}

export type Deed =
  | { readonly did: 'pause' | 'abort' | 'approve' }
  | { readonly did: 'resume'; readonly digest: string; readonly ignored: readonly string[] }
  | { readonly did: 'rollback'; readonly bad: string }
  | { readonly did: 'retry'; readonly digest: string };

interface Moment {
  readonly moment: number;
  readonly record: RolloutRecord | undefined;
  readonly paused: boolean;
  readonly lost: boolean;
  readonly rejected: ReadonlySet<string>;
}

/** As many as are remembered of one image. */
const MAX_REJECTED = 16;
const STOPPED = ['paused', 'halted', 'aborted'];

export function createDecisions(): Decisions {
  const history: Moment[] = [
    { moment: 0, record: undefined, paused: false, lost: false, rejected: new Set() },
  ];
  const ignored = new Set<string>();
  const last = (): Moment => at(Number.POSITIVE_INFINITY);

  function at(moment: number): Moment {
    const found = history.findLast((one) => one.moment <= moment) ?? history[0];
    if (found === undefined) throw new Error('A history begins with its first moment');
    return found;
  }

  function change(moment: number, to: Partial<Moment>): void {
    history.push({ ...last(), ...to, moment });
  }

  return {
    recorded(moment, record) {
      const { rejected, lost } = last();
      // By itself it rejects what it takes back; after a loss it knows what receipts say.
      const known = lost ? record.rejected : [...rejected, ...record.rejected];
      change(moment, { record, rejected: newest(known) });
    },
    commanded(moment, deed) {
      const { rejected } = last();
      if (deed.did === 'approve') return;
      if (deed.did === 'pause') change(moment, { paused: true });
      else change(moment, { paused: false, lost: false });
      if (deed.did === 'resume') {
        for (const cluster of deed.ignored) ignored.add(`${deed.digest} ${cluster}`);
      }
      if (deed.did === 'rollback') change(moment, { rejected: newest([...rejected, deed.bad]) });
      if (deed.did === 'retry') {
        change(moment, { rejected: new Set([...rejected].filter((key) => key !== deed.digest)) });
      }
    },
    lost(moment) {
      change(moment, { record: undefined, lost: true, rejected: new Set() });
    },
    stopAt(moment) {
      const { record, paused, lost } = at(moment);
      if (lost) return 'its record is lost';
      if (paused) return 'a person paused it';
      return record !== undefined && STOPPED.includes(record.status)
        ? `it is ${record.status} (${record.cause})`
        : undefined;
    },
    recordAt: (moment) => at(moment).record,
    isRejectedAt: (moment, digest) => at(moment).rejected.has(digest),
    isLostAt: (moment) => at(moment).lost,
    isIgnored: (cluster, digest) => ignored.has(`${digest} ${cluster}`),
  };
}

function newest(rejected: readonly string[]): ReadonlySet<string> {
  return new Set([...new Set(rejected)].slice(-MAX_REJECTED));
}
