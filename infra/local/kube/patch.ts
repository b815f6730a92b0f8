import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import * as z from 'zod';
import { parseJson } from '#shared/net/json.ts';
import { requireShallow } from './depth.ts';
import type { Kind } from './kinds.ts';
import { schemaOf } from './schemas.ts';
import { isRecord } from './store.ts';
import { badRequest, unsupportedMediaType, StatusError } from './status.ts';
import { mergeStrategically } from './strategic-merge.ts';

/** Operations in one JSON patch (the real API server's maxJSONPatchOperations). */
const MAX_JSON_PATCH_OPERATIONS = 10_000;

export const APPLY_PATCH = 'application/apply-patch+yaml';
const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';

/** A patch as sent: its media type (without parameters) and its parsed body. */
export interface Patch {
  type: string;
  body: unknown;
}

/** Reads a patch body; 415 for a type that the kind does not take, 400 for bad JSON. */
export function readPatch(kind: Kind, contentType: string | null, text: string): Patch {
  const type = (contentType ?? '').split(';')[0]?.trim() ?? '';
  const accepted = [JSON_PATCH, MERGE_PATCH, APPLY_PATCH];
  // Custom resources have no patch strategy.
  if (!kind.custom) accepted.push(STRATEGIC_PATCH);
  if (!accepted.includes(type)) throw unsupportedMediaType(accepted);
  return { type, body: type === APPLY_PATCH ? readYaml(text) : readJson(text) };
}

/** JSON, and YAML where it is not JSON; 400 where it is neither. */
export function readYaml(text: string): unknown {
  if (text.trimStart().startsWith('{')) return readJson(text);
  return requireShallow(parseYaml(text));
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw badRequest(`error decoding YAML: ${cause instanceof Error ? cause.message : 'unknown'}`);
  }
}

/** The object after the patch; undeclared fields stay, whatever their manager. */
export function applyPatch(kind: Kind, target: unknown, patch: Patch): unknown {
  if (patch.type === JSON_PATCH) return applyJsonPatch(target, patch.body);
  if (!isRecord(patch.body)) throw badRequest('error decoding patch: not an object');
  if (patch.type === MERGE_PATCH) return mergePatch(target, patch.body);
  return mergeStrategically(schemaOf(kind), target, patch.body);
}

/** RFC 7396. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map(Object.entries(isRecord(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

function readJson(text: string): unknown {
  const value = parseJson(text);
  if (value === undefined) throw badRequest('error decoding JSON: the body is not valid JSON');
  return requireShallow(value);
}

const path = z.string().regex(/^(\/.*)?$/s);
const operationsSchema = z
  .array(
    z.discriminatedUnion('op', [
      z.object({ op: z.literal(['add', 'replace', 'test']), path, value: z.unknown() }),
      z.object({ op: z.literal('remove'), path }),
      z.object({ op: z.literal(['move', 'copy']), path, from: path }),
    ]),
  )
  .max(MAX_JSON_PATCH_OPERATIONS);

/** Applies a JSON patch (RFC 6902) to a copy; 400 if malformed, 422 if it does not fit. */
function applyJsonPatch(target: unknown, patch: unknown): unknown {
  const operations = operationsSchema.safeParse(patch);
  if (!operations.success) throw badRequest('error decoding patch: not a JSON patch');
  // The wrapper gives the whole document a parent, so that path "" needs no special case.
  const root: Record<string, unknown> = { '': structuredClone(target) };
  for (const operation of operations.data) {
    const { op, path: to } = operation;
    if (op === 'remove' || op === 'replace') take(root, to);
    if (op === 'add' || op === 'replace') insert(root, to, operation.value);
    if (op === 'move') insert(root, to, take(root, operation.from));
    if (op === 'copy') insert(root, to, structuredClone(read(root, operation.from)));
    if (op === 'test' && !isDeepStrictEqual(readForTest(root, to), operation.value ?? null)) {
      throw unfit(`testing value ${to} failed`);
    }
  }
  return root[''];
}

function locate(root: unknown, pointer: string): { parent: unknown; key: string } {
  const steps = pointer.split('/');
  const way = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = way.pop() ?? '';
  let parent = root;
  for (const step of way) parent = child(parent, step, pointer);
  return { parent, key };
}

function child(parent: unknown, key: string, pointer: string): unknown {
  if (Array.isArray(parent) && indexOf(key) < parent.length) return parent[indexOf(key)];
  if (isRecord(parent) && Object.hasOwn(parent, key)) return parent[key];
  throw unfit(`doc is missing path: ${pointer}`);
}

function read(root: unknown, pointer: string): unknown {
  const { parent, key } = locate(root, pointer);
  return child(parent, key, pointer);
}

// To the real one's library a field that is absent is null: people test so that it is not there yet.
function readForTest(root: unknown, pointer: string): unknown {
  const { parent, key } = locate(root, pointer);
  if (isRecord(parent) && !Object.hasOwn(parent, key)) return null;
  return child(parent, key, pointer);
}

function take(root: unknown, pointer: string): unknown {
  const { parent, key } = locate(root, pointer);
  const value = child(parent, key, pointer);
  if (Array.isArray(parent)) parent.splice(indexOf(key), 1);
  else if (isRecord(parent)) delete parent[key];
  return value;
}

function insert(root: unknown, pointer: string, value: unknown): void {
  const { parent, key } = locate(root, pointer);
  if (Array.isArray(parent)) {
    const index = key === '-' ? parent.length : indexOf(key);
    if (index > parent.length) throw unfit(`index out of bounds: ${pointer}`);
    parent.splice(index, 0, value);
    return;
  }
  if (!isRecord(parent)) throw unfit(`doc is missing path: ${pointer}`);
  Object.defineProperty(parent, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

function indexOf(key: string): number {
  return /^(0|[1-9][0-9]*)$/.test(key) ? Number(key) : Number.POSITIVE_INFINITY;
}

function unfit(why: string): StatusError {
  const message = `the server rejected our request due to an error in our request: ${why}`;
  return new StatusError(422, 'Invalid', message);
}
