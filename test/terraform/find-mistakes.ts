import type { Block } from './schema.ts';

/** What every resource may have, of Terraform itself. */
const META: ReadonlySet<string> = new Set([
  'for_each',
  'count',
  'depends_on',
  'lifecycle',
  'provider',
]);

/**
 * What Terraform would refuse of a block as hcl2json has it: unknown names, missing ones, and literals that the provider
 * does not take. Types and expressions are left to Terraform.
 */
export function findMistakes(block: Block, body: unknown, path = ''): readonly string[] {
  const entries = entriesOf(body).flatMap(([name, value]) =>
    name === 'dynamic' ? dynamicsOf(value) : [[name, value] as const],
  );
  const given = new Set(entries.map(([name]) => name));
  const required = [
    ...Object.entries(block.attributes).filter(([, { required: needed }]) => needed === true),
    ...Object.entries(block.blocks).filter(([, { min = 0 }]) => min > 0),
  ];
  const missing = required.filter(([name]) => !given.has(name));
  return [
    ...missing.map(([name]) => `${path}${name} is missing`),
    ...entries.flatMap(([name, value]) => mistakesOf(block, name, value, path)),
  ];
}

function mistakesOf(block: Block, name: string, value: unknown, path: string): readonly string[] {
  const nested = block.blocks[name];
  if (nested !== undefined) {
    const bodies: readonly unknown[] = Array.isArray(value) ? value : [value];
    return bodies.flatMap((body) => findMistakes(nested.block, body, `${path}${name}.`));
  }
  const attribute = block.attributes[name];
  if (attribute === undefined)
    return META.has(name) && path === '' ? [] : [`${path}${name} is unknown`];
  const { values } = attribute;
  const literal = typeof value === 'string' && !value.includes('${');
  return literal && values?.includes(value) === false ? [`${path}${name} is "${value}"`] : [];
}

/** `dynamic "env" { content { … } }` is as many blocks `env` as it will be. */
function dynamicsOf(value: unknown): readonly (readonly [string, unknown])[] {
  return entriesOf(value).flatMap(([name, blocks]) =>
    (Array.isArray(blocks) ? blocks : [blocks]).flatMap((block) =>
      entriesOf(block)
        .filter(([key]) => key === 'content')
        .map(([, content]) => [name, content] as const),
    ),
  );
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
