import { defined } from '#shared/core/defined.ts';
import { groupVersion, type Kind } from './kinds.ts';
import { type KubeObject, valueAt, type Store } from './store.ts';
import { managerOfAgent } from './manager-name.ts';
import { type Form, readForm } from './accept.ts';
import { badRequest, type Cause, detailsOf, StatusError } from './status.ts';

/** Sets a token apart from the name of its user, which answers may show where they may not show the token. */
const TOKEN_OF = /^token-of:/;

const METHOD_VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
};

/** One request as the server understands it, before anything is looked up. */
export interface KubeRequest {
  /** As RBAC names it: get, list, watch, create, update, patch, delete, deletecollection. */
  verb: string;
  /** `Impersonate-User`, else the bearer token's text without `token-of:`, else `local-admin`. */
  user: string;
  path: string;
  query: URLSearchParams;
  fieldManager: string;
  dryRun: boolean;
  /** What the answer is to show in place of whole objects. */
  form?: Form;
  /** The resource asked for; absent for discovery and health. */
  target?: Target;
}

interface Target {
  group: string;
  version: string;
  plural: string;
  namespace?: string;
  name?: string;
  subresource?: string;
}

/** Reads path, verb and identity; RBAC is not imitated, so the user is taken at his word. */
export function readRequest(request: Request): KubeRequest {
  const url = new URL(request.url);
  const target = readTarget(url.pathname);
  const query = url.searchParams;
  const agent = request.headers.get('user-agent') ?? 'unknown';
  return defined({
    verb: verbOf(request.method, target, query),
    user: userOf(request.headers),
    path: url.pathname,
    query,
    fieldManager: query.get('fieldManager') || managerOfAgent(agent),
    dryRun: query.getAll('dryRun').includes('All'),
    form: readForm(request.headers.get('accept') ?? ''),
    target,
  });
}

function readTarget(path: string): Target | undefined {
  const [root, ...steps] = path.split('/').slice(1).map(decode);
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'apis' ? (steps.shift() ?? '') : '';
  const [version, first, second, third, ...rest] = steps;
  if (version === undefined || first === undefined || first === '') return undefined;
  // `namespaces/x/status` is the subresource of a namespace, not a resource inside it.
  const inside = first === 'namespaces' && third !== undefined && third !== 'status';
  const [namespace, plural] = inside ? [second, third] : [undefined, first];
  const [name, subresource] = inside ? rest : [second, third];
  return defined({ group, version, plural, namespace, name, subresource });
}

function verbOf(method: string, target: Target | undefined, query: URLSearchParams): string {
  if (target === undefined) return method.toLowerCase();
  if (method === 'DELETE') return target.name === undefined ? 'deletecollection' : 'delete';
  if (method !== 'GET') return METHOD_VERBS[method] ?? method.toLowerCase();
  if (target.name !== undefined) return 'get';
  return ['true', '1'].includes(query.get('watch') ?? '') ? 'watch' : 'list';
}

function userOf(headers: Headers): string {
  const impersonated = headers.get('impersonate-user');
  if (impersonated !== null && impersonated !== '') return impersonated;
  const bearer = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '');
  return bearer?.[1]?.trim().replace(TOKEN_OF, '') ?? 'local-admin';
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    throw badRequest(`invalid URL escape in path segment "${step}"`);
  }
}

/** What every verb works with. */
export interface Cluster {
  store: Store;
  clock: () => Date;
  admit: readonly Admit[];
}

/** One resource request: what is asked, of which kind, where. */
export interface Call {
  kind: Kind;
  request: KubeRequest;
  target: Target;
  /** Where an object of the body has a key twice. */
  duplicates: readonly string[];
}

/** The stored object a call is about. */
export function currentObject(cluster: Cluster, { kind, target }: Call): KubeObject | undefined {
  return cluster.store.get(kind.plural, target.namespace ?? '', target.name ?? '');
}

/** The object as the call's API version shows it; the versions differ in nothing else here. */
export function present({ kind, target }: Call, object: KubeObject): KubeObject {
  return { ...object, apiVersion: groupVersion(kind.group, target.version) };
}

export type Matches = (object: KubeObject) => boolean;

const setTerm = /^\s*([\w./-]+)\s+(in|notin)\s*\(([^()]*)\)\s*$/;
const equalTerm = /^\s*([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)\s*$/;
const existsTerm = /^\s*(!?)\s*([\w./-]+)\s*$/;

/** Namespace, `labelSelector` and `fieldSelector` of a list or watch; 400 where one is malformed. */
export function readSelectors({ kind, request: { query }, target }: Call): Matches {
  const terms = [
    ...splitTerms(query.get('labelSelector') ?? '').map(readLabelTerm),
    ...splitTerms(query.get('fieldSelector') ?? '').map((term) => readFieldTerm(kind, term)),
  ];
  const { namespace } = target;
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    terms.every((matches) => matches(object));
}

// Commas also separate the values of `in (a,b)`; those must not split a term.
function splitTerms(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/).filter((term) => term.trim() !== '');
}

function readLabelTerm(term: string): Matches {
  const set = setTerm.exec(term);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return (object) => values.has(label(object, key) ?? '\0') === (operator === 'in');
  }
  const equal = equalTerm.exec(term);
  if (equal !== null) {
    const [, key = '', operator, value] = equal;
    return (object) => (label(object, key) === value) !== (operator === '!=');
  }
  const exists = existsTerm.exec(term);
  if (exists === null) throw badRequest(`unable to parse requirement: ${term}`);
  const [, not, key = ''] = exists;
  return (object) => (label(object, key) !== undefined) !== (not === '!');
}

/** What fields select by beside name and namespace, of the kinds that have one. */
const SELECTED: Readonly<Record<string, string>> = { Secret: 'type', Namespace: 'status.phase' };

function readFieldTerm(kind: Kind, term: string): Matches {
  const match = /^\s*([\w.]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(term);
  if (match === null) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const [, path = '', operator, value] = match;
  const known = path === 'metadata.name' || path === 'metadata.namespace';
  // `describe` asks much of events.
  if (!known && kind.kind !== 'Event' && SELECTED[kind.kind] !== path)
    throw badRequest(
      `${JSON.stringify(path)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  return (object) => ((valueAt(object, path) ?? '') === value) !== (operator === '!=');
}

function label(object: KubeObject, key: string): string | undefined {
  return object.metadata.labels?.[key];
}

/** What an admission plugin sees of one write, as AdmissionReview v1 has it. */
export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE';
  user: string;
  group: string;
  plural: string;
  kind: string;
  namespace: string;
  name: string;
  subresource: string;
  dryRun: boolean;
  /** Absent on DELETE. */
  object?: KubeObject;
  /** Absent on CREATE. */
  oldObject?: KubeObject;
}

/** A refusal, with the whole message that the client reads. */
export interface Denial {
  code: number;
  reason: string;
  message: string;
  causes?: Cause[];
}

export type Admit = (request: AdmissionRequest) => Denial | undefined | Promise<Denial | undefined>;

/** Asks every plugin in turn; the first denial ends the request. No-op writes are asked too. */
export async function admitWrite(
  cluster: Cluster,
  { kind, request, target }: Call,
  change: Pick<AdmissionRequest, 'operation' | 'object' | 'oldObject'>,
): Promise<void> {
  const { name } = (change.object ?? change.oldObject)?.metadata ?? { name: '' };
  for (const admit of cluster.admit) {
    const denial = await admit({
      ...change,
      user: request.user,
      group: kind.group,
      plural: kind.plural,
      kind: kind.kind,
      namespace: target.namespace ?? '',
      name,
      subresource: target.subresource ?? '',
      dryRun: request.dryRun,
    });
    if (denial === undefined) continue;
    const { code, reason, message, causes } = denial;
    const details = defined({ ...detailsOf(kind, name), causes });
    throw new StatusError(code, reason, message, { details });
  }
}
