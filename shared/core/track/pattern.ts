/** A tag as a pattern sees it. */
export interface TagPattern {
  /** Whether the whole tag matches; `value`: what its named group matched, where it has one. */
  match(tag: string): { readonly value?: string } | undefined;
}

/** Makes a pattern of a text. Throws what the engine throws, which a loaded config has ruled out. */
export type CompilePattern = (pattern: string) => TagPattern;

const NAMED = /\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P?<(?<name>[A-Za-z_][A-Za-z0-9_]*)>/gs;

/**
 * The names of the groups of a pattern, in their order.
 *
 * @example
 * groupsOf('^v(?<version>.+)$') // ['version']
 */
export function groupsOf(pattern: string): readonly string[] {
  return [...pattern.matchAll(NAMED)].flatMap(({ groups }) => groups?.['name'] ?? []);
}
