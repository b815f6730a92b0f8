import { type HistoryEvent, HistoryPage } from '../api/schema.ts';
import { viewHistory } from '../screens/history.ts';
import type { ExitCode } from '../terminal.ts';
import type { VerbDeps } from '../verb.ts';

interface Asked {
  readonly since?: string;
  readonly until?: string;
  readonly image?: string;
  readonly cluster?: string;
  readonly actor?: string;
  readonly type?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Entries of one page: the API's own limit. */
const MAX_PAGE = 1_000;

/** The events that are asked for, the newest first; always 0. */
export async function showHistory(
  { limit, cursor, ...query }: Asked,
  { api, terminal }: Pick<VerbDeps, 'api' | 'terminal'>,
): Promise<ExitCode> {
  const events: HistoryEvent[] = [];
  let next = cursor;
  do {
    const size = `${Math.min(limit - events.length, MAX_PAGE)}`;
    const page = await api.get('/v1/history', { ...query, limit: size, cursor: next }, HistoryPage);
    events.push(...page.events);
    next = page.next;
  } while (next !== undefined && events.length < limit);
  terminal.show(viewHistory(events, next));
  return 0;
}
