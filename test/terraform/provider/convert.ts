import type { Block } from '../schema.ts';
import { UNKNOWN } from './msgpack.ts';

export type Values = Readonly<Record<string, unknown>>;

/** How a resource's attributes differ from the fields of its API, at any depth. */
export interface Naming {
  /** Attribute or block by its field. */
  readonly names?: Readonly<Record<string, string>>;
  /** Attributes that are no fields. */
  readonly skip?: readonly string[];
  /** Blocks that are sent though nothing is in them. */
  readonly empty?: readonly string[];
  /** Blocks of which there is one at most, and yet the field is a list. */
  readonly lists?: readonly string[];
}

/** What only Terraform has. */
const OWN: ReadonlySet<string> = new Set(['id', 'timeouts', 'project']);

/**
 * The body that hashicorp/google sends: camel case, blocks of which there is one at most as objects, and nothing of what
 * is empty (null, false, 0, "", a block without content), which is what its own generator leaves out.
 */
export function toBody(block: Block, values: Values, naming: Naming): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    if (OWN.has(name) || naming.skip?.includes(name)) continue;
    const nested = block.blocks[name];
    if (nested === undefined) {
      if (block.attributes[name]?.computed === true && block.attributes[name].optional !== true)
        continue;
      if (!isEmpty(value)) body[fieldOf(name, naming)] = numbersOf(block, name, value);
      continue;
    }
    const items = (Array.isArray(value) ? value : []).map((item: Values) =>
      toBody(nested.block, item ?? {}, withinBlocks(naming)),
    );
    const sent = items.filter(
      (item) => Object.keys(item).length > 0 || naming.empty?.includes(name),
    );
    if (sent.length === 0) continue;
    const list = nested.max !== 1 || naming.lists?.includes(name) === true;
    body[fieldOf(name, naming)] = list ? sent : sent[0];
  }
  return body;
}

/**
 * What a resource is by its API, over what the state has: a field that the API does not have is no attribute, unless the
 * attribute is empty, which the API does not show.
 */
export function fromBody(block: Block, body: Values, state: Values, naming: Naming): Values {
  const read: Record<string, unknown> = { ...state };
  for (const [name, attribute] of Object.entries(block.attributes)) {
    if (OWN.has(name) || naming.skip?.includes(name)) continue;
    // What Google fills in is of no interest where nothing asked for it.
    if (attribute.computed === true && isEmpty(state[name])) continue;
    const value = body[fieldOf(name, naming)];
    const before = JSON.stringify(numbersOf(block, name, state[name]));
    // Terraform's own way to write a number stays.
    if (JSON.stringify(numbersOf(block, name, value)) === before) continue;
    if (value !== undefined) read[name] = numbersOf(block, name, value);
    else if (!isEmpty(state[name]) && attribute.computed !== true) read[name] = null;
  }
  for (const [name, nested] of Object.entries(block.blocks)) {
    if (OWN.has(name) || naming.skip?.includes(name)) continue;
    const before = Array.isArray(state[name]) ? state[name] : [];
    const value = body[fieldOf(name, naming)];
    const items: unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
    read[name] = items.map((item, index) =>
      fromBody(
        nested.block,
        Object(item),
        before[index] ?? nothingOf(nested.block),
        withinBlocks(naming),
      ),
    );
  }
  return read;
}

/** What is left out of a resource, `name` for instance, is a field of its own in a block: a variable's name. */
function withinBlocks(naming: Naming): Naming {
  return { ...naming, skip: [] };
}

/** Terraform writes a number that no double is as a text; Google, a long one. */
function numbersOf(block: Block, name: string, value: unknown): unknown {
  const { type } = block.attributes[name] ?? {};
  if (value === null || value === undefined) return value;
  if (type === 'number') return Number(value);
  return Array.isArray(value) && Array.isArray(type) && type[1] === 'number'
    ? value.map(Number)
    : value;
}

function nothingOf(block: Block): Values {
  return Object.fromEntries([
    ...Object.keys(block.attributes).map((name) => [name, null]),
    ...Object.keys(block.blocks).map((name) => [name, []]),
  ]);
}

function fieldOf(name: string, { names = {} }: Naming): string {
  return names[name] ?? name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function isEmpty(value: unknown): boolean {
  if (value === UNKNOWN || value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === 'object') return Object.keys(value).length === 0;
  return value === '' || value === false || value === 0;
}
