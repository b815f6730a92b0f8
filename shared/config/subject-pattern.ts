/**
 * Why `pattern` (RE2 syntax) is not anchored at both ends, or undefined when it is. An identity pattern that matches a
 * part of a subject lets in `…/acme-evil/…` (docs/threat-model.md, attack 16), so ways around the anchors count: an
 * alternative outside any group, `^` made optional, `$` escaped, multi-line mode. `\Q…\E` is refused, for it may hide
 * any of them and be empty.
 */
export function findAnchorProblem(pattern: string): string | undefined {
  if (!pattern.startsWith('^')) return 'Does not start with "^"';
  // A group of flags is empty: a repetition after it means what stands before it.
  if (/^\^(?:\(\?[a-zA-Z-]*\))*[*+?{]/.test(pattern))
    return 'Repeats its "^", which makes it optional';
  let depth = 0;
  let anchored = false;
  for (let at = 1; at < pattern.length; ) {
    const flags = /^\(\?([a-zA-Z]*-?[a-zA-Z]*)[:)]/.exec(pattern.slice(at))?.[1];
    if (flags?.includes('m') === true)
      return 'Sets the flag m, which lets "^" and "$" match at lines';
    if (pattern.startsWith('\\Q', at))
      return 'Quotes with \\Q, where a backslash before each character is meant';
    const character = pattern.charAt(at);
    if (character === '|' && depth === 0)
      return 'Has a "|" outside any group, so that an anchor binds one side only';
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    anchored = character === '$' && depth === 0;
    at = endOfItem(pattern, at);
  }
  return anchored ? undefined : 'Does not end with "$"';
}

/** Index after the character, escape or `[…]` class that begins at `at`. */
function endOfItem(pattern: string, at: number): number {
  if (pattern.startsWith('\\', at)) return at + 2;
  return pattern.startsWith('[', at) ? endOfClass(pattern, at) : at + 1;
}

/** RE2 syntax, "character class": a `]` that comes first is an ordinary one, `[:alpha:]` nests. */
function endOfClass(pattern: string, start: number): number {
  let at = start + 1;
  if (pattern.startsWith('^', at)) at += 1;
  if (pattern.startsWith(']', at)) at += 1;
  while (at < pattern.length && !pattern.startsWith(']', at)) {
    const posix = /^\[:\^?[a-z]+:\]/.exec(pattern.slice(at))?.[0].length;
    at += posix ?? (pattern.startsWith('\\', at) ? 2 : 1);
  }
  return at + 1;
}

/** Why a linear-time engine cannot run `pattern`, or undefined. The engine is loaded only when there is a pattern. */
export async function findCompileProblem(pattern: string): Promise<string | undefined> {
  const { RE2JS } = await import('re2js');
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
