import { parse } from 'yaml';
import { applyJsonPatch } from './json-patch.ts';
import type { Kind } from './kinds.ts';
import { isRecord } from './object.ts';
import { badRequest, unsupportedMediaType } from './status.ts';

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
  // Custom resources have no patch strategy; core kinds take it, treated as a merge patch.
  if (!kind.custom) accepted.push(STRATEGIC_PATCH);
  if (!accepted.includes(type)) throw unsupportedMediaType(accepted);
  return { type, body: type === APPLY_PATCH ? readYaml(text) : readJson(text) };
}

/** JSON, and YAML where it is not JSON; 400 where it is neither. */
export function readYaml(text: string): unknown {
  if (text.trimStart().startsWith('{')) return readJson(text);
  try {
    return parse(text);
  } catch (cause) {
    throw badRequest(`error decoding YAML: ${cause instanceof Error ? cause.message : 'unknown'}`);
  }
}

/** The object after the patch; undeclared fields stay, whoever owns them. */
export function applyPatch(target: unknown, patch: Patch): unknown {
  if (patch.type === JSON_PATCH) return applyJsonPatch(target, patch.body);
  if (!isRecord(patch.body)) throw badRequest('error decoding patch: not an object');
  return mergePatch(target, patch.body);
}

/** RFC 7396. Directive keys of strategic patches (`$setElementOrder/…`) are dropped. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map(Object.entries(isRecord(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('error decoding JSON: the body is not valid JSON');
  }
}
