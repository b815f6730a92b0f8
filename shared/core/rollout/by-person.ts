import { cutText } from '../foreign-text.ts';
import { defined } from '../defined.ts';
import {
  type Actor,
  type Amendment,
  type Change,
  type HistoryEntry,
  MAX_HISTORY,
  MAX_HISTORY_BYTES,
  MAX_REASON,
  type Notice,
  type RolloutRecord,
  amend,
  changeOf,
  noticeOf,
} from './record.ts';
import type { Strategy } from './strategy.ts';

/** Why a command can take no effect. */
export type Refusal =
  | 'not-now'
  | 'too-many'
  | 'not-an-approver'
  | 'not-by-starter'
  | 'approved-before'
  | 'no-way-back'
  | 'no-such-stage'
  | 'open-already'
  | 'not-signed'
  | 'rejected'
  | 'same'
  | 'older'
  | 'queues';

/** The change that a command makes, or why it makes none. */
export type Outcome = Change | { readonly refused: Refusal };

/** Who asks, and by which request. */
export type Asker = Actor & Pick<HistoryEntry, 'request'>;

/** One decision that a person asks for. */
export interface Request {
  readonly record: RolloutRecord;
  readonly actor: Asker;
  readonly strategy: Strategy;
  readonly now: Date;
}

/** The change that a decision makes: it joins the history, and is published with who decided it, and why. */
export function apply(
  { record, actor, now }: Request,
  did: string,
  type: Notice['type'],
  amendment: Amendment,
): Change {
  const { by, reason, request } = actor;
  const kept = { by, reason: cutText(reason, MAX_REASON), did, at: now.toISOString() };
  const entry = defined({ ...kept, request });
  const history = newest([...record.history, entry]);
  const next = amend(record, { ...amendment, history });
  const who = defined({ by, reason, request });
  const halt = record.status === 'halted' ? [noticeOf(record, 'recovered', who)] : [];
  return changeOf(record, next, [...halt, noticeOf(next, type, who)]);
}

/** The entries that are kept of a history. */
function newest(entries: readonly HistoryEntry[]): readonly HistoryEntry[] {
  let bytes = 0;
  const dropped = entries.findLastIndex((entry, index) => {
    bytes += Buffer.byteLength(JSON.stringify(entry));
    return bytes > MAX_HISTORY_BYTES || entries.length - index > MAX_HISTORY;
  });
  return entries.slice(dropped + 1);
}

/** A decision that can take no effect: it is not kept for later. */
export function refuse(refused: Refusal): Outcome {
  return { refused };
}
