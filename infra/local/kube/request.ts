import { badRequest } from './status.ts';

/** Sets a token apart from the name of its user, which answers may show where they may not show the token. */
const TOKEN_OF = /^token-of:/;

const methodVerbs: Record<string, string> = {
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
  /** The resource asked for; absent for discovery and health. */
  target?: Target;
}

export interface Target {
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
  return {
    verb: verbOf(request.method, target, query),
    user: userOf(request.headers),
    path: url.pathname,
    query,
    fieldManager: query.get('fieldManager') ?? agentOf(request.headers),
    dryRun: query.getAll('dryRun').includes('All'),
    ...(target === undefined ? {} : { target }),
  };
}

function readTarget(path: string): Target | undefined {
  const [root, ...steps] = path.split('/').slice(1).map(decode);
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'apis' ? (steps.shift() ?? '') : '';
  const [version, first, second, third, ...rest] = steps;
  if (version === undefined || first === undefined || first === '') return undefined;
  // `namespaces/x/status` is the subresource of a namespace, not a resource inside it.
  const inside = first === 'namespaces' && third !== undefined && third !== 'status';
  const named = inside ? { namespace: second, plural: third } : { plural: first };
  const [name, subresource] = inside ? rest : [second, third];
  return {
    group,
    version,
    plural: named.plural,
    ...(named.namespace === undefined ? {} : { namespace: named.namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

function verbOf(method: string, target: Target | undefined, query: URLSearchParams): string {
  if (target === undefined) return method.toLowerCase();
  if (method === 'DELETE') return target.name === undefined ? 'deletecollection' : 'delete';
  const verb = methodVerbs[method];
  if (verb !== undefined) return verb;
  if (method !== 'GET') return method.toLowerCase();
  if (target.name !== undefined) return 'get';
  const watch = query.get('watch');
  return watch === 'true' || watch === '1' ? 'watch' : 'list';
}

function userOf(headers: Headers): string {
  const impersonated = headers.get('impersonate-user');
  if (impersonated !== null && impersonated !== '') return impersonated;
  const bearer = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '');
  return bearer?.[1]?.trim().replace(TOKEN_OF, '') ?? 'local-admin';
}

// Without a fieldManager the real server takes the user agent up to its first slash.
function agentOf(headers: Headers): string {
  return (headers.get('user-agent') ?? 'unknown').split('/')[0] ?? 'unknown';
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    throw badRequest(`invalid URL escape in path segment "${step}"`);
  }
}
