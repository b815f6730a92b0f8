import { isDeepStrictEqual } from 'node:util';
import type { Values } from './convert.ts';
import { POLICIES } from './kinds.ts';
import { fill, inTurn, Refused, send } from './send.ts';

interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: Values;
}

interface Policy {
  readonly etag?: string;
  readonly bindings?: readonly Binding[];
}

export function isMember(type: string): boolean {
  return POLICIES[type] !== undefined;
}

/** Whether the member is there. */
export async function hasMember(type: string, values: Values): Promise<boolean> {
  try {
    const { bindings = [] } = await readPolicy(type, values);
    return bindings.some((binding) => isOf(binding, values) && has(binding, values));
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return false;
    throw error;
  }
}

/** Adds the member, or takes it off, and leaves all others. Gives the attributes that are computed. */
export function setMember(type: string, values: Values, present: boolean): Promise<Values> {
  return inTurn(async () => {
    const policy = await readPolicy(type, values);
    const member = String(values['member']);
    const others = (policy.bindings ?? []).map((binding) =>
      isOf(binding, values)
        ? { ...binding, members: binding.members.filter((one) => one !== member) }
        : binding,
    );
    const condition = conditionOf(values);
    const added = {
      role: String(values['role']),
      members: [member],
      ...(condition && { condition }),
    };
    const bindings = [
      ...others.filter(({ members }) => members.length > 0),
      ...(present ? [added] : []),
    ];
    const [, target] = targetOf(type, values);
    const version = 3;
    const { etag } = await send('POST', `${target}:setIamPolicy`, {
      policy: { ...policy, version, bindings },
    });
    const id = [target.split('/').slice(2).join('/'), values['role'], member].join('/');
    return { etag, id };
  });
}

async function readPolicy(type: string, values: Values): Promise<Policy> {
  const [verb, target] = targetOf(type, values);
  const options = { options: { requestedPolicyVersion: 3 } };
  const query = verb === 'GET' ? '?options.requestedPolicyVersion=3' : '';
  // Pub/Sub's, Cloud Run's and the like are GET; the others have a body.
  return send(
    verb,
    `${target}:getIamPolicy${query}`,
    verb === 'GET' ? undefined : bodyOf(type, options),
  );
}

function bodyOf(type: string, options: object): object | undefined {
  return type === 'google_service_account_iam_member' ? undefined : options;
}

function targetOf(type: string, values: Values): readonly [verb: string, target: string] {
  const [verb = 'GET', template = ''] = POLICIES[type] ?? [];
  return [verb, fill(template, values)];
}

function isOf(binding: Binding, values: Values): boolean {
  return (
    binding.role === values['role'] && isDeepStrictEqual(binding.condition, conditionOf(values))
  );
}

function has({ members }: Binding, { member }: Values): boolean {
  return members.includes(String(member));
}

function conditionOf({ condition }: Values): Values | undefined {
  const [first]: Values[] = Array.isArray(condition) ? condition : [];
  return first && { title: first['title'], expression: first['expression'] };
}
