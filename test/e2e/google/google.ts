import { createControl } from './control.ts';
import type { Discovery } from './discovery.ts';
import {
  type Call,
  type Fields,
  type Reply,
  refusal,
  type Request,
  type Weather,
} from './model.ts';
import { neededFor } from './permissions.ts';
import { createPolicies, type Policies, policySchema } from './policies.ts';
import { createTokens, type Tokens } from './tokens.ts';

/** A permission that a call needed, and whether the caller had it. */
export interface Used {
  readonly member: string;
  readonly method: string;
  readonly permission: string;
  readonly on: string;
  /** Of the grant that it was allowed by; undefined: it was refused. */
  readonly role: string | undefined;
}

export interface Google {
  readonly weather: Weather;
  readonly policies: Policies;
  readonly tokens: Tokens;
  handle(request: Request): Reply;
  /** What Google says before it does anything; undefined: the call is described and permitted. */
  check(request: Request): Reply | undefined;
  /** Every permission that was asked for by any but the owner, in order. */
  readonly used: readonly Used[];
  /** What Google would have refused of requests by its own description of them. */
  readonly problems: readonly string[];
  /** Resources by their names, `pubsub/projects/p/topics/t`. */
  readonly resources: ReadonlyMap<string, Fields>;
  /** Messages by topic, `projects/p/topics/t`, as they were sent. */
  readonly published: ReadonlyMap<string, readonly Fields[]>;
  /** Puts there what others made: `artifactregistry/projects/p/locations/l/repositories/r`. */
  add(on: string, fields?: Readonly<Record<string, unknown>>): void;
  /** What a call that is no method of an API is answered where that API is disabled; undefined: it is enabled. */
  disabled(project: string, service: string, title: string): Reply | undefined;
  /** Whether a member has a permission now; recorded as used by `method`. */
  permit(member: string, method: string, permission: string, on: string): boolean;
}

export interface GoogleDeps {
  readonly discovery: Discovery;
  readonly now: () => number;
  /** IAM member that applies Terraform: it may do everything. */
  readonly owner: string;
}

/**
 * Google Cloud, as far as this project uses it: it keeps what is made, knows who may do what, and refuses what its
 * published description does not have.
 * @example createGoogle({ discovery, now: Date.now, owner: 'user:owner@acme.example' })
 */
export function createGoogle({ discovery, now, owner }: GoogleDeps): Google {
  const weather: Weather = {
    bindingDelayMs: 0,
    metricDelayMs: 0,
    failing: new Set(),
    withheld: new Set(),
    missingAgents: new Set(),
    oldProject: false,
  };
  const used: Used[] = [];
  const problems: string[] = [];
  const policies = createPolicies({
    now,
    delay: () => weather.bindingDelayMs,
    customRole(name) {
      const role = control.resources.get(`iam/${name}`);
      const { deleted, includedPermissions } = Object(role);
      return role === undefined || deleted === true ? undefined : includedPermissions;
    },
  });

  function permit(member: string, method: string, permission: string, on: string): boolean {
    if (member === owner) return true;
    const withheld =
      weather.withheld.has(`${member} ${permission}`) ||
      weather.withheld.has(`${member} ${permission} ${on}`);
    const grant = withheld ? undefined : policies.allows(member, permission, on);
    used.push({ member, method, permission, on, role: grant?.role });
    return grant !== undefined;
  }

  const tokens = createTokens(now);
  const control = createControl({ now, weather, permit, tokens });

  function admit(request: Request): Reply | Call {
    const { host, verb, path, query, member, body } = request;
    const method = discovery.find(host, verb, path);
    if (method === undefined) {
      problems.push(`No method for ${verb} ${host}${path}`);
      return refusal(404, 'NOT_FOUND', `No method for ${verb} ${path}`);
    }
    const found = method.problems(query, body);
    problems.push(...found);
    if (found.length > 0) return refusal(400, 'INVALID_ARGUMENT', found.join('; '));
    if (member === undefined) return refusal(401, 'UNAUTHENTICATED', 'No token');
    const [, project = ''] = /(?:^|\/)(?:projects|namespaces)\/([^/]+)/.exec(method.name) ?? [];
    const off = control.services.refuse(project, method.service, method.title);
    if (off !== undefined) return off;
    const api = method.id.slice(0, method.id.indexOf('.'));
    const call = { ...request, method: method.id, api, name: method.name, member };
    if (member !== owner) {
      for (const { permission, on } of neededFor(call)) {
        if (permit(member, method.id, permission, on)) continue;
        const denied = `Permission '${permission}' denied on resource '${on}' (or it may not exist).`;
        return refusal(403, 'PERMISSION_DENIED', denied);
      }
    }
    return call;
  }

  function handle(request: Request): Reply {
    const call = admit(request);
    if ('status' in call) return call;
    const { path, body, api, name } = call;
    const on = `${api}/${name}`;
    if (path.endsWith(':getIamPolicy'))
      return { status: 200, body: { version: 3, etag: 'BwX=', ...policies.get(on) } };
    if (path.endsWith(':setIamPolicy')) return setPolicy(on, Object(body).policy);
    return control.handle(call);
  }

  function setPolicy(on: string, value: unknown): Reply {
    const policy = policySchema.parse(value);
    if (
      !on.startsWith('cloudresourcemanager/') &&
      !on.startsWith('iap/') &&
      !control.resources.has(on) &&
      !on.startsWith('cloudkms/')
    )
      return refusal(404, 'NOT_FOUND', `There is no ${on}`);
    for (const member of policy.bindings.flatMap(({ members }) => members)) {
      if (!isThere(member)) return refusal(400, 'INVALID_ARGUMENT', `${member} does not exist.`);
    }
    policies.set(on, policy);
    return { status: 200, body: { version: 3, etag: 'BwX=', ...policies.get(on) } };
  }

  function isThere(member: string): boolean {
    const [, email = '', project = ''] =
      /^serviceAccount:([^@]+@([^.]+)\.iam\.gserviceaccount\.com)$/.exec(member) ?? [];
    const [, pool = ''] = /\/workloadIdentityPools\/([^/]+)\//.exec(member) ?? [];
    if (pool !== '') return !weather.missingAgents.has(pool);
    if (email === '') return true;
    if (project.startsWith('gcp-sa-')) return !weather.missingAgents.has(email);
    return (
      control.foreign(project) ||
      control.resources.has(`iam/projects/${project}/serviceAccounts/${email}`)
    );
  }

  return {
    weather,
    policies,
    tokens,
    handle,
    check(request) {
      const call = admit(request);
      return 'status' in call ? call : undefined;
    },
    used,
    problems,
    resources: control.resources,
    published: control.published,
    add: (on, fields = {}) =>
      void control.resources.set(on, { name: on.slice(on.indexOf('/') + 1), ...fields }),
    disabled: (...call) => control.services.refuse(...call),
    permit,
  };
}
