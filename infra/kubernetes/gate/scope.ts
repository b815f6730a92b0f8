import { CountersignError } from '#shared/core/errors.ts';
import { celString } from './cel.ts';
import type { GateInput } from './gate-input.ts';

/**
 * Characters of patterns in one expression. The API server charges a match with a fortieth of text times pattern,
 * and allows 1,000,000 per expression: enough for a reference of 1,024 characters, the longest that is read.
 */
const MAX_PATTERNS = 32_000;
/** And for all expressions of one policy 10,000,000, of which scope may use half. */
const MAX_ALL_PATTERNS = 192_000;
/** Changes between `effect: gate` and `effect: pin` along the entries: each nests the expression once. */
const MAX_RUNS = 50;

type Rule = GateInput['images'][number];

export interface Variable {
  readonly name: string;
  readonly expression: string;
}

/** A question about `variables.repository`, in variables that are each within the API server's budget. */
interface Scope {
  readonly variables: readonly Variable[];
  /** CEL, a boolean. */
  readonly expression: string;
}

/** Whether the config names the repository at all. */
export function namedScope(images: GateInput['images']): Scope {
  const chunks = chunk(images.map(({ match }) => match));
  const variables = chunks.map((globs, index) => variable(`named${index + 1}`, globs));
  return { variables, expression: anyOf(variables) };
}

/** Whether the first entry that names the repository has `effect: pin`. */
export function pinnedScope(images: GateInput['images']): Scope {
  const variables: Variable[] = [];
  // From the last entry to the first: a run of pins opens, a run of gates in front of it closes.
  let expression = 'false';
  const all = runs(images);
  if (all.length > MAX_RUNS) throw tooMixed(all.length);
  for (const run of all.toReversed()) {
    const own = chunk(run.map(({ match }) => match)).map((globs, index) =>
      variable(`${run[0]?.effect}${variables.length + index + 1}`, globs),
    );
    const any = anyOf(own);
    if (run[0]?.effect === 'pin')
      expression = expression === 'false' ? any : `(${any} || ${expression})`;
    else if (expression !== 'false') expression = `!${any} && ${expression}`;
    if (expression !== 'false') variables.push(...own);
  }
  return { variables, expression };
}

function variable(name: string, globs: readonly string[]): Variable {
  const pattern = globs.map((glob) => globPattern(glob)).join('|');
  return { name, expression: `variables.repository.matches(${celString(pattern)})` };
}

function anyOf(variables: readonly Variable[]): string {
  if (variables.length === 0) return 'false';
  return `(${variables.map(({ name }) => `variables.${name}`).join(' || ')})`;
}

/** Neighbours of one effect, together. */
function runs(images: readonly Rule[]): readonly (readonly Rule[])[] {
  const found: Rule[][] = [];
  for (const rule of images) {
    const last = found.at(-1);
    if (last?.[0]?.effect === rule.effect) last.push(rule);
    else found.push([rule]);
  }
  return found;
}

function chunk(globs: readonly string[]): readonly (readonly string[])[] {
  const chunks: string[][] = [];
  let room = 0;
  let total = 0;
  for (const glob of globs) {
    const { length } = globPattern(glob);
    total += length + 1;
    room -= length + 1;
    if (room >= 0) chunks.at(-1)?.push(glob);
    else {
      chunks.push([glob]);
      room = MAX_PATTERNS - length;
    }
  }
  if (total > MAX_ALL_PATTERNS) throw tooMany(total);
  return chunks;
}

function tooMixed(changes: number): CountersignError {
  return new CountersignError(
    'bad-config',
    `Config has images that change ${changes} times between effect gate and pin, of ${MAX_RUNS}; put those of one effect together`,
  );
}

function tooMany(total: number): CountersignError {
  return new CountersignError(
    'bad-config',
    `Config has too many images for a gate: patterns of ${total} characters, of ${MAX_ALL_PATTERNS}; write fewer, wider globs`,
  );
}

/** Everything that means something in RE2. */
const SPECIAL = /[\\^$.*+?()[\]{}|]/g;

/**
 * The anchored RE2 pattern of a `match` in normal form, agreeing with `createImageRules` on every repository that
 * references can have: `*` is one segment or a part of it, `**` any segments, at least one at the end.
 */
export function globPattern(glob: string): string {
  if (glob === '**') return '^.+$';
  const [host = '', ...segments] = glob.split('/');
  const last = segments.length - 1;
  const parts = segments.map((segment, index) => {
    if (segment === '**') return index === last ? '(?:/[^/]+)+' : '(?:/[^/]+)*';
    return segment === '*' ? '/[^/]+' : `/${segment.split('*').map(escape).join('[^/]*')}`;
  });
  return `^${escape(host)}${parts.join('')}$`;
}

function escape(literal: string): string {
  return literal.replaceAll(SPECIAL, '\\$&');
}
