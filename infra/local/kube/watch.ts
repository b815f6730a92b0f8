import { type Call, present, type World } from './call.ts';
import { MAX_WATCH_BACKLOG, MAX_WATCH_SECONDS } from './limits.ts';
import type { KubeObject } from './object.ts';
import { type Matches, readSelectors } from './selectors.ts';
import { badRequest, expired, invalidOptions } from './status.ts';
import type { StoreEvent } from './store.ts';
import { type TableRequest, toTable } from './table.ts';

type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED';

/**
 * Streams changes as JSON lines: from a resourceVersion on, or, without one, after every object
 * as ADDED. A version that is forgotten gives one ERROR event with a 410 Status, and the end.
 */
export function watchObjects(
  world: World,
  call: Call,
  table: TableRequest | undefined,
): ReadableStream<Uint8Array> {
  const { matches, since, seconds } = readOptions(call);
  const { plural } = call.kind;
  const render = createRenderer(world, call, table);
  const cleanups: (() => void)[] = [];
  const stop = (): void => cleanups.splice(0).forEach((clean) => clean());

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const finish = (): void => {
          stop();
          controller.close();
        };
        const follow = (event: StoreEvent): void => {
          const type = event.plural === plural ? seenAs(event, matches) : undefined;
          if (type !== undefined) controller.enqueue(render(type, event.object));
          // A watcher that does not read is cut off; it lists again.
          if ((controller.desiredSize ?? 0) < 0) finish();
        };
        const missed = since === undefined ? [] : world.store.eventsSince(plural, since);
        if (missed === undefined) {
          controller.enqueue(line('ERROR', expired(`too old resource version: ${since}`).status));
          controller.close();
          return;
        }
        const existing = since === undefined ? world.store.list(plural).filter(matches) : [];
        for (const object of existing) controller.enqueue(render('ADDED', object));
        const timer = setTimeout(finish, seconds * 1000);
        cleanups.push(world.store.subscribe(follow), () => clearTimeout(timer));
        for (const event of missed) follow(event);
      },
      // Called when the response closes, whoever closed it.
      cancel: stop,
    },
    new CountQueuingStrategy({ highWaterMark: MAX_WATCH_BACKLOG }),
  );
}

function createRenderer(world: World, call: Call, table: TableRequest | undefined) {
  let withColumns = true;
  return (type: WatchType, object: KubeObject): Uint8Array => {
    const shown = present(call, object);
    if (table === undefined) return line(type, shown);
    // Column definitions go with the first row only, as the real server does.
    const rows = toTable(call.kind, [shown], table, world.clock(), withColumns);
    withColumns = false;
    return line(type, rows);
  };
}

function line(type: string, object: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ type, object })}\n`);
}

// An object that moves into or out of a selector appears or disappears for that watcher.
function seenAs(event: StoreEvent, matches: Matches): WatchType | undefined {
  const before = event.previous !== undefined && matches(event.previous);
  const after = event.type !== 'DELETED' && matches(event.object);
  if (before && after) return 'MODIFIED';
  if (after) return 'ADDED';
  return before ? 'DELETED' : undefined;
}

function readOptions({ kind, request, target }: Call) {
  const { query } = request;
  if (query.get('sendInitialEvents') === 'true') {
    const text =
      'Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
    throw invalidOptions('ListOptions', 'sendInitialEvents', text);
  }
  const selected = readSelectors(kind, query);
  const { namespace } = target;
  const matches: Matches = (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) && selected(object);
  const since = readRevision(query.get('resourceVersion'));
  return { matches, since, seconds: readSeconds(query.get('timeoutSeconds')) };
}

function readRevision(text: string | null): number | undefined {
  if (text === null || text === '' || text === '0') return undefined;
  if (!/^[0-9]{1,15}$/.test(text)) throw badRequest(`resourceVersion: Invalid value: "${text}"`);
  return Number(text);
}

function readSeconds(text: string | null): number {
  if (text === null || !/^[0-9]{1,9}$/.test(text) || text === '0') return MAX_WATCH_SECONDS;
  return Math.min(Number(text), MAX_WATCH_SECONDS);
}
