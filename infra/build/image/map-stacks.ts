import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { originalPosition } from './original-position.ts';

/** Positions that are remembered, so that a failure that repeats costs one look into the map. */
const MAX_KNOWN = 1000;
const FRAME = /(file:\/\/[^()\s]+\.js):(\d+):(\d+)/;

/**
 * Writes the stacks of errors by the names and lines of our sources, from the maps beside the bundles. Only when
 * somebody reads a stack: `--enable-source-maps` would read every map at start (docs/image.md, section "Stack traces").
 */
export function mapStacks(): void {
  const known = new Map<string, string>();
  function written(frame: string): string {
    const [place, file = '', line, column] = FRAME.exec(frame) ?? [];
    if (place === undefined) return frame;
    const seen = known.get(place);
    if (seen !== undefined) return frame.replace(place, seen);
    if (known.size >= MAX_KNOWN) known.clear();
    const original = originOf(file, Number(line), Number(column)) ?? place;
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

function isMap(value: unknown): value is { sources: readonly string[]; mappings: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'mappings' in value &&
    typeof value.mappings === 'string' &&
    'sources' in value &&
    Array.isArray(value.sources)
  );
}

function headOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}
