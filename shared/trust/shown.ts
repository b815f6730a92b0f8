/** Characters of one text of a stranger in a message. */
const MAX_SHOWN = 200;

/** Text of a stranger, for people: quoted, and not longer than a line or two. */
export function shown(text: string | undefined): string {
  return text === undefined || text === '' ? 'absent' : JSON.stringify(text.slice(0, MAX_SHOWN));
}
