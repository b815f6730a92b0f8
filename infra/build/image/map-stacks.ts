import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Positions that are remembered, so that a failure that repeats costs one look into the map. */
const MAX_KNOWN = 1000;
const FRAME = /(file:\/\/[^()\s]+\.js):(\d+):(\d+)/;

/**
 * Writes the stacks of errors by the names and lines of our sources, from the maps beside the bundles. Only when
 * a stack is read: `--enable-source-maps` would read every map at start (docs/image.md, section "Stack traces").
 */
export function mapStacks(): void {
  const known = new Map<string, string>();
  function written(frame: string): string {
    const [place, file = '', line, column] = FRAME.exec(frame) ?? [];
    if (place === undefined) return frame;
    if (known.size >= MAX_KNOWN) known.clear();
    const original = known.get(place) ?? originOf(file, Number(line), Number(column)) ?? place;
    known.set(place, original);
    return frame.replace(place, original);
  }
  Error.prepareStackTrace = (error, frames: readonly { toString(): string }[]) =>
    [headOf(error), ...frames.map((frame) => `    at ${written(frame.toString())}`)].join('\n');
}

/** A frame without a map is shown as it is: a stack is read when something is wrong already. */
function originOf(file: string, line: number, column: number): string | undefined {
  try {
    const map: unknown = JSON.parse(readFileSync(`${fileURLToPath(file)}.map`, 'utf8'));
    const found = isMap(map) ? originalPosition(map, line, column) : undefined;
    if (found === undefined) return undefined;
    return `${found.source.replace(/^(?:\.\.\/)+/, '')}:${found.line}:${found.column}`;
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is SourceMapText {
  if (typeof value !== 'object' || value === null) return false;
  if (!('mappings' in value && 'sources' in value)) return false;
  return typeof value.mappings === 'string' && Array.isArray(value.sources);
}

function headOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}

/** Where something was written, lines and columns counted from 1. */
interface Position {
  readonly source: string;
  readonly line: number;
  readonly column: number;
}

/** The part of a source map (ECMA-426) that says where things are. */
export interface SourceMapText {
  readonly sources: readonly string[];
  readonly mappings: string;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CONTINUES = 32;

/**
 * What stands at `line` and `column` (from 1) of a bundle. It walks the mappings once and keeps nothing, for Node's
 * own tables of one of our maps take as much memory as the function itself. Undefined where nothing is mapped.
 */
export function originalPosition(
  { sources, mappings }: SourceMapText,
  line: number,
  column: number,
): Position | undefined {
  // Columns start anew in each line; the other numbers are differences to the segment before, over all lines.
  const at = { source: 0, line: 0, column: 0 };
  let found: Position | undefined;
  let begin = 0;
  for (let row = 1; row <= line; row += 1) {
    const end = endOf(mappings, ';', begin);
    let generated = 0;
    while (begin < end) {
      const comma = Math.min(endOf(mappings, ',', begin), end);
      const segment = decode(mappings.slice(begin, comma));
      const [step = 0, source = 0, originalLine = 0, originalColumn = 0] = segment;
      begin = comma + 1;
      generated += step;
      if (row === line && generated >= column) return found;
      at.source += source;
      at.line += originalLine;
      at.column += originalColumn;
      if (row === line) found = segment.length > 1 ? positionOf(sources, at) : undefined;
    }
    begin = end + 1;
  }
  return found;
}

function endOf(text: string, separator: string, from: number): number {
  const found = text.indexOf(separator, from);
  return found === -1 ? text.length : found;
}

function positionOf(
  sources: readonly string[],
  at: { source: number; line: number; column: number },
): Position | undefined {
  const source = sources[at.source];
  return source === undefined ? undefined : { source, line: at.line + 1, column: at.column + 1 };
}

/** Base64 VLQ: five bits a digit, the lowest of the first is the sign. */
function decode(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    value += (digit & (CONTINUES - 1)) << shift;
    shift += 5;
    if ((digit & CONTINUES) !== 0) continue;
    numbers.push((value & 1) === 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}
