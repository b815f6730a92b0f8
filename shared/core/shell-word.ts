/**
 * A text as one word of a shell.
 *
 * @example
 * shellWord("it's") // `'it'\\''s'`
 */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
