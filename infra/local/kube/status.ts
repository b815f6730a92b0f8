import { defined } from '#shared/core/defined.ts';
import { type Kind, qualifiedResource } from './kinds.ts';

/** One reason for a Status; `field` names the place in the object. */
export interface Cause {
  reason?: string;
  message: string;
  field?: string;
}

/** The body of every answer that is not an object (meta/v1 Status). */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { continue?: string };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: Cause[];
    retryAfterSeconds?: number;
  };
  code?: number;
}

/** A request that ends with a Status; worded as the real API server words it. */
export class StatusError extends Error {
  readonly status: Status & { code: number };

  constructor(code: number, reason: string, message: string, rest: Partial<Status> = {}) {
    super(message);
    this.name = 'StatusError';
    const base = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' } as const;
    this.status = { ...base, message, reason, code, ...rest };
  }
}

type Named = Pick<Kind, 'group' | 'plural'>;

/** What a Status says of its object: nothing of an empty name or the core group. */
export function detailsOf(kind: Named, name: string): NonNullable<Status['details']> {
  return defined({ name: name || undefined, group: kind.group || undefined, kind: kind.plural });
}

export function notFound(kind: Named, name: string): StatusError {
  const message = `${qualifiedResource(kind)} "${name}" not found`;
  return new StatusError(404, 'NotFound', message, { details: detailsOf(kind, name) });
}

/** 404 for a resource that a served version does not have. */
export function noResource(): StatusError {
  const message = 'the server could not find the requested resource';
  return new StatusError(404, 'NotFound', message, { details: {} });
}

export function alreadyExists(kind: Kind, name: string, deleting = false): StatusError {
  const exists = `${qualifiedResource(kind)} "${name}" already exists`;
  const message = deleting ? `object is being deleted: ${exists}` : exists;
  return new StatusError(409, 'AlreadyExists', message, { details: detailsOf(kind, name) });
}

export function conflict(kind: Kind, name: string, why?: string): StatusError {
  const cause =
    why ??
    'the object has been modified; please apply your changes to the latest version and try again';
  const message = `Operation cannot be fulfilled on ${qualifiedResource(kind)} "${name}": ${cause}`;
  return new StatusError(409, 'Conflict', message, { details: detailsOf(kind, name) });
}

/** 422 for one field; `text` starts with the class, like `Required value: …`. */
export function invalid(kind: Kind, name: string, field: string, text: string): StatusError {
  return invalidFields(kind, name, [{ reason: 'FieldValueInvalid', message: text, field }]);
}

/** 422 for every field that is wrong at once. */
export function invalidFields(kind: Kind, name: string, causes: readonly Cause[]): StatusError {
  const type = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const details = { ...detailsOf(kind, name), kind: kind.kind, causes: [...causes] };
  const texts = causes.map(({ field = '', message }) => `${field}: ${message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new StatusError(422, 'Invalid', `${type} "${name}" is invalid: ${list}`, { details });
}

/** 422 for the options of a request, which belong to no object. */
export function invalidOptions(type: string, causes: readonly Cause[]): StatusError {
  const texts = causes.map(({ field = '', message }) => `${field}: ${message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const details = { group: 'meta.k8s.io', kind: type, causes: [...causes] };
  return new StatusError(422, 'Invalid', `${type}.meta.k8s.io "" is invalid: ${list}`, { details });
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function forbidden(kind: Named, name: string, why: string): StatusError {
  const subject = name === '' ? qualifiedResource(kind) : `${qualifiedResource(kind)} "${name}"`;
  const details = detailsOf(kind, name);
  return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${why}`, { details });
}

export function expired(message: string, token?: string): StatusError {
  return new StatusError(410, 'Expired', message, { metadata: defined({ continue: token }) });
}

export function methodNotAllowed(): StatusError {
  const message = 'the server does not allow this method on the requested resource';
  return new StatusError(405, 'MethodNotAllowed', message);
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new StatusError(415, 'UnsupportedMediaType', message);
}
