import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { groupVersion } from './kinds.ts';
import { type Page, showObject } from './forms.ts';
import { type KubeObject, keyOf, type StoreEvent } from './store.ts';
import { type Call, present, type Cluster, readSelectors, type Matches } from './request.ts';
import { badRequest, expired, invalidOptions } from './status.ts';

/** Events a watcher may leave unread before its stream is closed. */
const MAX_WATCH_BACKLOG = 10_000;

/** Longest time a watch stays open when the client names none, in seconds. */
const MAX_WATCH_SECONDS = 3600;

// Revision -1 marks a token that goes on from the present state, not from a snapshot.
const UNPINNED = -1;
const tokenSchema = z.object({ v: z.literal(1), rv: z.int(), start: z.string() });
const tooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** Lists one kind, everywhere or in a namespace; every page of a list shows the same moment. */
export function listObjects(cluster: Cluster, call: Call): Page {
  const { kind, request, target } = call;
  const limit = readLimit(request.query.get('limit'));
  const token = request.query.get('continue') ?? '';
  const from = token === '' ? undefined : readToken(token);
  const exact = readExactRevision(request.query);
  const pinned = from === undefined || from.rv === UNPINNED ? undefined : from.rv;
  const revision = pinned ?? exact ?? cluster.store.revision();
  const objects = cluster.store.listAt(kind.plural, revision);
  if (objects === undefined) throw expired(tooOld, writeToken(UNPINNED, from?.start ?? ''));
  const matches = readSelectors(call);
  const wanted = objects.filter(
    (object) => (from === undefined || keyOf(object) > from.start) && matches(object),
  );
  const items = limit === 0 ? wanted : wanted.slice(0, limit);
  return {
    apiVersion: groupVersion(kind.group, target.version),
    kind: `${kind.kind}List`,
    metadata: { resourceVersion: String(revision), ...nextPage(wanted, items, call, revision) },
    items: items.map((object) => present(call, object)),
  };
}

function nextPage(wanted: KubeObject[], items: KubeObject[], call: Call, revision: number) {
  const last = items.at(-1);
  const remaining = wanted.length - items.length;
  if (last === undefined || remaining === 0) return {};
  const selected = ['labelSelector', 'fieldSelector'].some((name) => call.request.query.has(name));
  // With a selector the real server does not know how much is left, and does not say.
  const remainingItemCount = selected ? undefined : remaining;
  return defined({ continue: writeToken(revision, keyOf(last)), remainingItemCount });
}

/** The revision that a list is asked for, and no other; undefined: the newest will do. */
function readExactRevision(query: URLSearchParams): number | undefined {
  const field = 'resourceVersionMatch';
  const [match, version] = [query.get(field), query.get('resourceVersion')];
  const revision = readRevision(version);
  if (!match) return undefined;
  const causes = [
    ...(version ? [] : ['is forbidden unless resourceVersion is provided']),
    ...(query.get('continue') ? ['is forbidden when continue is provided'] : []),
    ...(match === 'Exact' && version === '0'
      ? ['"exact" is forbidden for resourceVersion "0"']
      : []),
  ].map((why) => ({
    reason: 'FieldValueForbidden',
    message: `Forbidden: ${field} ${why}`,
    field,
  }));
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    const choices = 'supported values: "Exact", "NotOlderThan", ""';
    const message = `Unsupported value: ${JSON.stringify(match)}: ${choices}`;
    causes.push({ reason: 'FieldValueNotSupported', message, field });
  }
  if (causes.length > 0) throw invalidOptions('ListOptions', causes);
  return match === 'Exact' ? revision : undefined;
}

function readLimit(text: string | null): number {
  if (text === null || text === '') return 0;
  if (!/^[0-9]{1,9}$/.test(text)) throw badRequest(`limit: Invalid value: "${text}"`);
  return Number(text);
}

function writeToken(revision: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: 1, rv: revision, start })).toString('base64url');
}

function readToken(token: string): z.infer<typeof tokenSchema> {
  try {
    return tokenSchema.parse(JSON.parse(Buffer.from(token, 'base64url').toString()));
  } catch {
    throw badRequest('continue key is not valid: it was not given out by this server');
  }
}

type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED';

/**
 * Streams changes as JSON lines: from a resourceVersion on, or, without one, after every object
 * as ADDED. A version that is forgotten gives one ERROR event with a 410 Status, and the end.
 */
export function watchObjects(cluster: Cluster, call: Call): ReadableStream<Uint8Array> {
  const { query } = call.request;
  if (query.get('sendInitialEvents') === 'true') {
    const message =
      'Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
    const field = 'sendInitialEvents';
    throw invalidOptions('ListOptions', [{ reason: 'FieldValueForbidden', message, field }]);
  }
  const matches = readSelectors(call);
  const since = readRevision(query.get('resourceVersion'));
  const seconds = readSeconds(query.get('timeoutSeconds'));
  const { plural } = call.kind;
  const render = createRenderer(cluster, call);
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
          const seen = event.plural === plural ? seenAs(event, matches) : undefined;
          if (seen !== undefined) controller.enqueue(render(seen.type, seen.object));
          // A watcher that does not read is cut off; it lists again.
          if ((controller.desiredSize ?? 0) < 0) finish();
        };
        const missed = since === undefined ? [] : cluster.store.eventsSince(plural, since);
        if (missed === undefined) {
          controller.enqueue(line('ERROR', expired(`too old resource version: ${since}`).status));
          controller.close();
          return;
        }
        const existing = since === undefined ? cluster.store.list(plural).filter(matches) : [];
        for (const object of existing) controller.enqueue(render('ADDED', object));
        const timer = setTimeout(finish, seconds * 1000);
        cleanups.push(cluster.store.subscribe(follow), () => clearTimeout(timer));
        for (const event of missed) follow(event);
      },
      // Called when the response closes, from either side.
      cancel: stop,
    },
    new CountQueuingStrategy({ highWaterMark: MAX_WATCH_BACKLOG }),
  );
}

function createRenderer(cluster: Cluster, call: Call) {
  let withColumns = true;
  return (type: WatchType, object: KubeObject): Uint8Array => {
    const shown = showObject(call, object, cluster.clock(), withColumns);
    // Column definitions go with the first row only, as the real server does.
    withColumns = false;
    return line(type, shown);
  };
}

function line(type: string, object: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ type, object })}\n`);
}

// An object that moves into or out of a selector appears or disappears for that watcher, as it was seen last.
function seenAs(
  { type, object, previous }: StoreEvent,
  matches: Matches,
): { type: WatchType; object: KubeObject } | undefined {
  const before = previous !== undefined && matches(previous);
  if (type !== 'DELETED' && matches(object)) return { type: before ? 'MODIFIED' : 'ADDED', object };
  if (!before) return undefined;
  const { resourceVersion } = object.metadata;
  const last = { ...previous, metadata: { ...previous.metadata, ...defined({ resourceVersion }) } };
  return { type: 'DELETED', object: last };
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
