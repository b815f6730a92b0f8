import type { Block } from '../schema.ts';

export interface WrongValue {
  /** `template.containers.ports`. */
  readonly path: string;
  readonly problem: string;
}

/** Values that are none of those the provider allows. What is unknown yet, or null, is not judged. */
export function findWrongValues(block: Block, value: unknown, path = ''): readonly WrongValue[] {
  if (Array.isArray(value)) return value.flatMap((item) => findWrongValues(block, item, path));
  if (typeof value !== 'object' || value === null) return [];
  const found: WrongValue[] = [];
  for (const [name, given] of Object.entries(value)) {
    const place = path === '' ? name : `${path}.${name}`;
    const allowed = block.attributes[name]?.values;
    if (allowed !== undefined && typeof given === 'string' && !allowed.includes(given)) {
      found.push({ path: place, problem: `"${given}" is none of ${allowed.join(', ')}` });
    }
    const nested = block.blocks[name];
    if (nested !== undefined) found.push(...findWrongValues(nested.block, given, place));
  }
  return found;
}
