import { cleanLine, escapeJson, foldLines } from '#shared/core/foreign-text.ts';
import { ApiFailure } from '../api/call-api.ts';
import { type HistoryEvent, HistoryPage } from '../api/schema.ts';
import { createProgress, type ExitCode } from '../terminal.ts';
import { formatYaml } from '../output/yaml.ts';
import type { VerbDeps } from '../verb.ts';

interface Asked {
  readonly follow?: boolean;
  readonly since: string;
  readonly image?: string;
  readonly cluster?: string;
  readonly type?: string;
}

const MAX_PAGE = '1000';
/** An event is in the history some seconds after it was published, and may come after a younger one. */
const OVERLAP_MS = 60_000;
/** Each look costs a caller 10 of 240 units a minute. */
const PERIOD_MS = 5_000;

/**
 * The events since then, the oldest first, one line each; with `follow` those that come as well, until the process is
 * ended. They are read from the history, so that it takes no more rights than that. Always 0.
 */
export async function showEvents(
  { follow = false, since, ...query }: Asked,
  { api, terminal, sleep }: Pick<VerbDeps, 'api' | 'terminal' | 'sleep'>,
): Promise<ExitCode> {
  const progress = createProgress(terminal);
  let shown = new Map<string, number>();
  let from = since;
  for (;;) {
    const events = await lookOr(follow && shown.size > 0, () =>
      readSince(api, { ...query, since: from }),
    );
    if (events === undefined) progress.show('The service does not answer');
    else progress.end();
    for (const event of (events ?? []).toReversed()) {
      if (shown.has(event.id)) continue;
      shown.set(event.id, Date.parse(event.time));
      terminal.out(`${format(event, terminal.format)}\n`);
    }
    if (!follow) return 0;
    const newest = Math.max(...shown.values());
    if (Number.isFinite(newest)) {
      from = new Date(newest - OVERLAP_MS).toISOString();
      shown = new Map([...shown].filter(([, time]) => time >= newest - OVERLAP_MS));
    }
    await sleep(PERIOD_MS);
  }
}

/** One event: a line, or for programs one document; they come one after the other, and never all at once. */
function format(event: HistoryEvent, as: VerbDeps['terminal']['format']): string {
  switch (as) {
    case 'json':
      return escapeJson(JSON.stringify(event));
    case 'yaml':
      return `---\n${formatYaml(event).trimEnd()}`;
    case 'name':
      return cleanLine(event.id);
    default:
      return cleanLine(lineOf(event));
  }
}

/** When, what, where, and who said why. */
function lineOf(event: HistoryEvent): string {
  const { time, severity, type, image, cluster, sync, message, actor, reason } = event;
  const where = cluster === undefined ? (image ?? 'fleet') : [cluster, sync ?? []].flat().join(' ');
  const grave = severity === 'INFO' ? [] : [severity];
  const facts = [
    ...(actor === undefined ? [] : [`by ${actor}`]),
    ...(reason === undefined ? [] : [reason]),
  ];
  const said = facts.length === 0 ? [] : [`(${facts.map(foldLines).join('; ')})`];
  return [time, ...grave, type, `${where}:`, foldLines(message), ...said].join(' ');
}

/** Undefined where the service does not answer and is asked again. */
async function lookOr<T>(again: boolean, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    const passes =
      error instanceof ApiFailure &&
      (error.status === 0 || error.status === 429 || error.status >= 500);
    if (again && passes) return undefined;
    throw error;
  }
}

async function readSince(
  api: VerbDeps['api'],
  query: Readonly<Record<string, string | undefined>>,
): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.get('/v1/history', { ...query, limit: MAX_PAGE, cursor }, HistoryPage);
    events.push(...page.events);
    cursor = page.next;
  } while (cursor !== undefined);
  return events;
}
