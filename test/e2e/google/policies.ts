import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { evaluate } from '@marcbachmann/cel-js';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';

const RoleTable = z.object({
  source: z.string(),
  roles: z.record(z.string(), z.array(z.string())),
});

/** Permissions of the predefined roles that the module binds; the file says where they are from. */
const PREDEFINED: Readonly<Record<string, readonly string[]>> = RoleTable.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, 'roles.json'), 'utf8')),
).roles;

export const policySchema = z.object({
  bindings: z
    .array(
      z.object({
        role: z.string(),
        members: z.array(z.string()),
        condition: z.object({ title: z.string(), expression: z.string() }).optional(),
      }),
    )
    .default([]),
});
export type Policy = z.infer<typeof policySchema>;

/** A member, a role, the resource that it is on. */
export interface Grant {
  readonly member: string;
  readonly role: string;
  /** `pubsub/projects/p/topics/t`. */
  readonly on: string;
  readonly condition: { readonly title: string; readonly expression: string } | undefined;
  /** When it was bound, in milliseconds of `now`. */
  readonly since: number;
}

export interface Policies {
  get(on: string): Policy;
  set(on: string, policy: Policy): void;
  /** The grant by which a member has a permission on a resource (`on`, as in a grant); undefined: it has none. */
  allows(member: string, permission: string, on: string): Grant | undefined;
  permissionsOf(role: string): readonly string[];
  grants(): readonly Grant[];
}

interface PoliciesDeps {
  readonly now: () => number;
  /** Milliseconds until a binding holds. */
  readonly delay: () => number;
  /** Of a custom role; undefined: there is no such role. */
  readonly customRole: (name: string) => readonly string[] | undefined;
}

/** Allow policies of IAM: a resource inherits those of its ancestors and its project. */
export function createPolicies({ now, delay, customRole }: PoliciesDeps): Policies {
  const held = new Map<string, readonly Grant[]>();

  function permissionsOf(role: string): readonly string[] {
    const found = PREDEFINED[role] ?? customRole(role);
    if (found === undefined) throw new Error(`Nothing is known of ${role}: add it to roles.json`);
    return found;
  }

  function holds({ condition }: Grant, on: string): boolean {
    if (condition === undefined) return true;
    const name = on.slice(on.indexOf('/') + 1);
    return evaluate(condition.expression, { resource: { name } }) === true;
  }

  return {
    permissionsOf,
    grants: () => [...held.values()].flat(),
    get(on) {
      const bindings = (held.get(on) ?? []).map(({ role, member, condition }) => ({
        role,
        members: [member],
        ...defined({ condition }),
      }));
      return { bindings };
    },
    set(on, { bindings }) {
      const before = held.get(on) ?? [];
      const grants = bindings.flatMap(({ role, members, condition }) =>
        members.map((member): Grant => {
          const grant = { member, role, on, condition };
          const old = before.find(
            (one) =>
              one.member === member &&
              one.role === role &&
              isDeepStrictEqual(one.condition, condition),
          );
          return old ?? { ...grant, since: now() };
        }),
      );
      held.set(on, grants);
    },
    allows(member, permission, on) {
      return lineOf(on)
        .flatMap((place) => held.get(place) ?? [])
        .find(
          (grant) =>
            grant.member === member &&
            now() - grant.since >= delay() &&
            permissionsOf(grant.role).includes(permission) &&
            holds(grant, on),
        );
    },
  };
}

/** The resource, what it is in, and its project: `cloudkms/projects/p/…/cryptoKeys/k`, …, `cloudresourcemanager/projects/p`. */
function lineOf(on: string): readonly string[] {
  const [api = '', ...parts] = on.split('/');
  const line: string[] = [];
  for (let length = parts.length; length > 2; length -= 2)
    line.push([api, ...parts.slice(0, length)].join('/'));
  return [...line, `cloudresourcemanager/${parts.slice(0, 2).join('/')}`];
}
