import { findBadManager } from './manager-name.ts';
import { APPLY_PATCH } from './patch.ts';
import type { Call } from './request.ts';
import { type Cause, invalidOptions, methodNotAllowed } from './status.ts';

/** Refuses a verb that its resource does not have, and options that no write may have. `type`: of the body. */
export function checkOptions({ kind, request, target }: Call, type: string | null): void {
  const { verb, query } = request;
  if (!kind.verbs.includes(verb)) throw methodNotAllowed();
  if (['get', 'list', 'watch'].includes(verb)) return;
  const unplaced = kind.namespaced && target.namespace === undefined;
  const collection = verb === 'create' || verb === 'deletecollection';
  const misnamed = (target.name === undefined) !== collection;
  const subresource = target.subresource !== undefined && verb !== 'update' && verb !== 'patch';
  if (unplaced || misnamed || subresource) throw methodNotAllowed();
  const bad = findBadManager(query.get('fieldManager') ?? '');
  const causes = [
    ...findUnknown(query, 'dryRun', ['All']),
    ...findUnknown(query, 'fieldValidation', ['', 'Ignore', 'Strict', 'Warn']),
    ...(bad === undefined || verb === 'delete' ? [] : [{ ...bad, field: 'fieldManager' }]),
    ...(verb === 'patch' ? findBadPatch(query, type) : []),
  ];
  const options = `${verb[0]?.toUpperCase()}${verb.slice(1)}Options`;
  if (causes.length > 0) throw invalidOptions(options, causes);
}

function findUnknown(query: URLSearchParams, field: string, choices: readonly string[]): Cause[] {
  const given = query.getAll(field);
  const unknown = given.find((value) => !choices.includes(value));
  if (unknown === undefined) return [];
  const list = choices.map((choice) => JSON.stringify(choice)).join(', ');
  // A dry run is said by a list.
  const shown = JSON.stringify(field === 'dryRun' ? given : unknown);
  const message = `Unsupported value: ${shown}: supported values: ${list}`;
  return [{ reason: 'FieldValueNotSupported', message, field }];
}

function findBadPatch(query: URLSearchParams, type: string | null): Cause[] {
  if (type?.split(';')[0]?.trim() === APPLY_PATCH) {
    if (query.get('fieldManager')) return [];
    const message = 'Required value: is required for apply patch';
    return [{ reason: 'FieldValueRequired', message, field: 'fieldManager' }];
  }
  if (!query.has('force')) return [];
  const message = 'Forbidden: may not be specified for non-apply patch';
  return [{ reason: 'FieldValueForbidden', message, field: 'force' }];
}
