/** Text of a cluster, a registry or a tenant, made fit for a terminal, the page, an event or the log. */

/**
 * What is not seen, or changes how its neighbours are seen: controls (C0, C1, so that ANSI escapes are text), format
 * characters (change of direction, zero width), line and paragraph separators, lone surrogates, private and unassigned
 * code points, and what Unicode has renderers ignore.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** The same, but for the break and the tab of a text of several lines. */
const UNSEEN_IN_TEXT = /(?![\n\t])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** The same, but for the break at the end of a line of JSON, which has escaped its own. */
const UNSEEN_IN_JSON = /(?!\n)[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Nearly every text, found out at a tenth of the cost of looking for each of these characters. */
const PLAIN = /^[ -~\n]*$/;

/** `line` with U+FFFD in place of each character that is not seen, breaks and tabs included. */
export function cleanLine(line: string): string {
  return line.replaceAll(UNSEEN, '\ufffd');
}

/** `text` as one line: its breaks, and the blanks around them, are one blank each. */
export function foldLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}

/** `text` with U+FFFD in place of each character that is not seen; breaks and tabs stay. */
export function cleanText(text: string): string {
  return PLAIN.test(text) ? text : text.replaceAll(UNSEEN_IN_TEXT, '\ufffd');
}

/** `json`, a JSON text, with `\u` escapes in place of characters that are not seen: the same value, and one line. */
export function escapeJson(json: string): string {
  if (PLAIN.test(json)) return json;
  return json.replaceAll(UNSEEN_IN_JSON, (found) =>
    Array.from({ length: found.length }, (_, at) => {
      const unit = found.charCodeAt(at).toString(16).padStart(4, '0');
      return `\\u${unit}`;
    }).join(''),
  );
}

/** The longest grapheme that is looked at; a longer one is cut between code points. */
const MAX_GRAPHEME = 64;

/** The longest beginning of `text` that has at most `max` UTF-16 code units and ends between two graphemes. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const from = Math.max(0, max - MAX_GRAPHEME);
  const around = text.slice(from, max + MAX_GRAPHEME);
  // Made when something is cut: an Intl object costs more than the rest.
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
  const start = graphemes.segment(around).containing(max - from)?.index ?? 0;
  const end = start === 0 ? max : from + start;
  // Of a grapheme without an end: at least no half of a pair.
  return text.slice(0, isWithinPair(text, end) ? end - 1 : end);
}

function isWithinPair(text: string, at: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
}
