import { foldLines } from '#shared/core/foreign-text.ts';
import { defined } from '#shared/core/defined.ts';
import { type ExitCode, print } from '../terminal.ts';
import type { Given, VerbDeps } from '../verb.ts';
import { type HistoryEvent, HistoryPage } from '../api/schema.ts';

interface Asked extends Given {
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

/** The events that are asked for, one line each; always 0. */
export async function showHistory(
  { json, limit, cursor, ...query }: Asked,
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
  print(terminal, json, defined({ events, next }), [
    ...events.map(lineOf),
    ...(events.length === 0 ? ['No events'] : []),
    ...(next === undefined ? [] : [`Older ones: --cursor ${next}`]),
  ]);
  return 0;
}

/** When, what, where, and who said why. */
function lineOf(event: HistoryEvent): string {
  const { time, severity, type, image, cluster, sync, message } = event;
  const where = cluster === undefined ? (image ?? 'fleet') : [cluster, sync ?? []].flat().join(' ');
  const grave = severity === 'INFO' ? [] : [severity];
  const parts = [time, ...grave, type, `${where}:`, foldLines(message)];
  const facts = factsOf(event);
  return [...parts, ...(facts.length === 0 ? [] : [`(${facts.join('; ')})`])].join(' ');
}

function factsOf({ actor, reason, signer, revision, source }: HistoryEvent): readonly string[] {
  const facts = {
    by: actor,
    reason,
    'signed by': signer,
    revision,
    source,
  };
  return Object.entries(facts).flatMap(([word, value]) =>
    value === undefined ? [] : [`${word} ${foldLines(value)}`],
  );
}
