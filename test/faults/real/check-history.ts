import { HistoryPage } from '#functions/api/history/operation.ts';
import type { LocalWorld } from '#infra/local/local-world/start-local-world.ts';
import type { Verdicts } from '../oracle/violations.ts';
import type { ReceivedEvent } from '../oracle/watch-events.ts';

const CHECK = '7 the history has every event once';

/** What the API has of the history, page by page, is what a subscriber of the status topic got. */
export async function checkHistory(
  { functions }: Pick<LocalWorld, 'functions'>,
  received: readonly ReceivedEvent[],
  verdicts: Verdicts,
): Promise<number> {
  const api = functions.get('api')?.url ?? '';
  const kept = [...(await readAll(api, '')), ...(await readAll(api, 'type=sweep.completed'))];
  const ids = new Set(kept);
  if (ids.size < kept.length) {
    verdicts.violate(CHECK, `${kept.length - ids.size} events are in it twice`, ['world']);
  }
  for (const { id, type } of received) {
    if (!ids.delete(id)) verdicts.violate(CHECK, `${type} ${id} is missing`, ['world']);
  }
  for (const id of ids) verdicts.violate(CHECK, `${id} was never published`, ['world']);
  return kept.length;
}

async function readAll(api: string, query: string): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor = '';
  do {
    const answer = await fetch(`${api}/v1/history?limit=1000&${query}${cursor}`);
    const { events, next } = HistoryPage.parse(await answer.json());
    found.push(...events.map(({ id }) => id));
    cursor = next === undefined ? '' : `&cursor=${next}`;
  } while (cursor !== '');
  return found;
}
