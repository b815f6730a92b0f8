import * as z from 'zod';
import { type Call, present, type World } from './call.ts';
import { groupVersion } from './kinds.ts';
import type { KubeObject } from './object.ts';
import { readSelectors } from './selectors.ts';
import { badRequest, expired } from './status.ts';
import { keyOf } from './store.ts';

/** A page of a list, not yet rendered as a List or a Table. */
export interface Page {
  apiVersion: string;
  kind: string;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: KubeObject[];
}

// Revision -1 marks a token that goes on from the present state, not from a snapshot.
const UNPINNED = -1;
const tokenSchema = z.object({ v: z.literal(1), rv: z.int(), start: z.string() });
const tooOld =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** Lists one kind, everywhere or in a namespace; every page of a list shows the same moment. */
export function listObjects(world: World, call: Call): Page {
  const { kind, request, target } = call;
  const limit = readLimit(request.query.get('limit'));
  const token = request.query.get('continue') ?? '';
  const from = token === '' ? undefined : readToken(token);
  const revision = from === undefined || from.rv === UNPINNED ? world.store.revision() : from.rv;
  const objects = world.store.listAt(kind.plural, revision);
  if (objects === undefined) throw expired(tooOld, writeToken(UNPINNED, from?.start ?? ''));
  const matches = readSelectors(kind, request.query);
  const wanted = objects.filter(
    (object) =>
      (from === undefined || keyOf(object) > from.start) &&
      (target.namespace === undefined || object.metadata.namespace === target.namespace) &&
      matches(object),
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
  const count = selected ? {} : { remainingItemCount: remaining };
  return { continue: writeToken(revision, keyOf(last)), ...count };
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
