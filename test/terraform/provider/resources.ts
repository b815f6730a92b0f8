import { isDeepStrictEqual } from 'node:util';
import type { Block } from '../schema.ts';
import { fromBody, toBody, type Values } from './convert.ts';
import { type Kind, KINDS } from './kinds.ts';
import { UNKNOWN } from './msgpack.ts';
import { hasMember, isMember, setMember } from './policies.ts';
import { fill, Refused, send } from './send.ts';

/** What is planned for a resource, and the attributes that make it another one. */
export interface Planned {
  readonly state: Values | null;
  readonly replaces: readonly string[];
}

/** State after a change; with a problem, as much as there is (Terraform taints what was only just made). */
export interface Applied {
  readonly state: Values | null;
  readonly problem?: string;
}

function kindOf(type: string): Kind {
  const kind = KINDS[type];
  if (kind === undefined) throw new Error(`The stand-in cannot make a ${type}`);
  return kind;
}

/** As the provider's SDK plans: what only Google knows is unknown of what is new, and stays as it is otherwise. */
export function plan(
  type: string,
  block: Block,
  prior: Values | null,
  proposed: Values | null,
): Planned {
  if (proposed === null) return { state: null, replaces: [] };
  if (prior === null) {
    const entries = Object.entries(proposed).map(([name, value]) => {
      const open = value === null && block.attributes[name]?.computed === true;
      return [name, open ? UNKNOWN : value];
    });
    return { state: Object.fromEntries(entries), replaces: [] };
  }
  // Of a member everything, its condition too.
  const all = [...Object.keys(block.attributes), ...Object.keys(block.blocks)];
  const fixed = isMember(type) ? all : kindOf(type).fixed;
  const replaces = fixed.filter(
    (name) => name in proposed && !isDeepStrictEqual(prior[name], proposed[name]),
  );
  return { state: proposed, replaces };
}

/** Makes, changes or removes what was planned. */
export async function apply(
  type: string,
  block: Block,
  prior: Values | null,
  planned: Values | null,
): Promise<Applied> {
  try {
    if (isMember(type)) return await applyMember(type, block, prior, planned);
    const kind = kindOf(type);
    if (planned === null) {
      await remove(type, kind, prior ?? {});
      return { state: null };
    }
    const known = settle(block, planned);
    const answer = await change(kind, block, prior, known);
    return { state: finish(kind, planned, known, answer) };
  } catch (error) {
    const made = error instanceof Refused && error.made !== undefined && planned !== null;
    const kept = made ? finish(kindOf(type), planned, settle(block, planned), error.made) : prior;
    return { state: kept, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** What is there now; null: nothing. */
export async function read(type: string, block: Block, state: Values): Promise<Values | null> {
  if (isMember(type)) return (await hasMember(type, state)) ? state : null;
  const kind = kindOf(type);
  try {
    const body = await send('GET', fill(kind.self, state));
    // Of a version, only whether there is one: what is in it is in the state.
    if (type === 'google_secret_manager_secret_version')
      return body['state'] === 'DESTROYED' ? null : state;
    if (body['deleted'] === true || body['state'] === 'DISABLED') return null;
    if (kind.wrap !== undefined && type !== 'google_project_iam_custom_role') return state;
    return fromBody(block, body, state, kind);
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

async function applyMember(
  type: string,
  block: Block,
  prior: Values | null,
  planned: Values | null,
): Promise<Applied> {
  if (planned === null) {
    await setMember(type, prior ?? {}, false);
    return { state: null };
  }
  const known = settle(block, planned);
  return { state: { ...known, ...(await setMember(type, known, true)) } };
}

async function remove(type: string, kind: Kind, values: Values): Promise<void> {
  if (kind.protectedBy !== undefined && values[kind.protectedBy] === true) {
    throw new Error(
      `cannot destroy ${type} without setting ${kind.protectedBy}=false and running \`terraform apply\``,
    );
  }
  const [verb, url] =
    kind.remove === undefined ? ['DELETE', fill(kind.self, values)] : (kind.remove(values) ?? []);
  if (verb === undefined || url === undefined) return;
  try {
    await send(verb, url);
  } catch (error) {
    if (!(error instanceof Refused && error.status === 404)) throw error;
  }
}

async function change(
  kind: Kind,
  block: Block,
  prior: Values | null,
  values: Values,
): Promise<Values> {
  const plain = toBody(block, values, kind);
  const body = kind.wrap?.(plain, values, prior === null) ?? plain;
  if (prior === null) {
    const [verb, url] = kind.create;
    const self = fill(kind.self, values);
    if (kind.undelete === true && (await isDeleted(self))) {
      await send('POST', `${self}:undelete`, {});
      return send('PATCH', `${self}?updateMask=${Object.keys(plain).join(',')}`, plain);
    }
    return send(verb, fill(url, values), body);
  }
  const self = fill(kind.self, { ...prior, ...values });
  const fields = Object.keys(plain).join(',');
  if (typeof kind.mask === 'function') return send('PATCH', self, kind.mask(fields, plain));
  const query = kind.mask === 'query' ? `?updateMask=${fields}` : '';
  return send(kind.update ?? 'PATCH', `${self}${query}`, body);
}

async function isDeleted(self: string): Promise<boolean> {
  try {
    return (await send('GET', self))['deleted'] === true;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return false;
    throw error;
  }
}

/** Without what is unknown yet; an e-mail is what its account's name makes it. */
function settle(block: Block, values: Values): Values {
  const known = Object.entries(values).map(([name, value]) => [
    name,
    value === UNKNOWN ? null : value,
  ]);
  const settled: Record<string, unknown> = Object.fromEntries(known);
  if ('account_id' in settled && 'email' in block.attributes)
    settled['email'] =
      `${String(settled['account_id'])}@${String(settled['project'])}.iam.gserviceaccount.com`;
  return settled;
}

function finish(kind: Kind, planned: Values, known: Values, answer: Values): Values {
  const computed: Values = kind.computed?.(known, answer) ?? {};
  const state: Record<string, unknown> = { ...known };
  for (const [name, value] of Object.entries(planned)) {
    if (value === UNKNOWN) state[name] = computed[name] ?? null;
  }
  if (state['id'] === null || state['id'] === undefined || planned['id'] === UNKNOWN)
    state['id'] = computed['id'] ?? decodeURIComponent(fill(kind.id, { ...state, ...computed }));
  return state;
}
