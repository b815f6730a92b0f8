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

/** Variables of the policy, in CEL by name; each may use those before it. */
export type Variables = Readonly<Record<string, string>>;

/** A question about `variables.repository`, in variables that are each within the API server's budget. */
interface Scope {
  readonly variables: Variables;
  /** CEL, a boolean. */
  readonly expression: string;
}

/** Whether the config names the repository at all. */
export function namedScope(images: GateInput['images']): Scope {
  return matching(images, 'named', 0);
}

/** Whether by the first entry that names the repository a digest may be written into the spec. */
export function pinnedScope(images: GateInput['images']): Scope {
  return firstScope(images, (rule) => rule.effect === 'pin' || isFreed(rule), ['pin', 'gate']);
}

/** Whether by that entry it may be taken out again. */
export function freedScope(images: GateInput['images']): Scope {
  return firstScope(images, isFreed, ['freed', 'kept']);
}

function isFreed({ rollback }: Rule): boolean {
  return rollback === 'pin';
}

/** Whether the first entry that names the repository is one of those; variables begin with the one name or the other. */
function firstScope(
  images: GateInput['images'],
  isOne: (rule: Rule) => boolean,
  [yes, no]: readonly [string, string],
): Scope {
  let variables: Variables = {};
  // From the last entry to the first: a run of those opens, a run of others in front of it closes.
  let expression = 'false';
  const all = runs(images, isOne);
  if (all.length > MAX_RUNS) {
    throw new CountersignError(
      'bad-config',
      `Config has images that change ${all.length} times between effect gate and pin, of ${MAX_RUNS}; put those of one effect together`,
    );
  }
  for (const run of all.toReversed()) {
    const isOpen = run[0] !== undefined && isOne(run[0]);
    const own = matching(run, isOpen ? yes : no, Object.keys(variables).length);
    if (isOpen) {
      expression = expression === 'false' ? own.expression : `(${own.expression} || ${expression})`;
    } else if (expression !== 'false') expression = `!${own.expression} && ${expression}`;
    if (expression !== 'false') variables = { ...variables, ...own.variables };
  }
  return { variables, expression };
}

/** Whether any of the entries names the repository, in variables `<prefix><number>`. */
function matching(images: readonly Rule[], prefix: string, from: number): Scope {
  const chunks = chunk(images.map(({ match }) => globPattern(match)));
  const variables = Object.fromEntries(
    chunks.map((patterns, index) => [
      `${prefix}${from + index + 1}`,
      `variables.repository.matches(${celString(patterns.join('|'))})`,
    ]),
  );
  const names = Object.keys(variables).map((name) => `variables.${name}`);
  return { variables, expression: names.length === 0 ? 'false' : `(${names.join(' || ')})` };
}

/** Neighbours that are alike, together. */
function runs(
  images: readonly Rule[],
  isOne: (rule: Rule) => boolean,
): readonly (readonly Rule[])[] {
  const found: Rule[][] = [];
  for (const rule of images) {
    const last = found.at(-1);
    if (last?.[0] !== undefined && isOne(last[0]) === isOne(rule)) last.push(rule);
    else found.push([rule]);
  }
  return found;
}

/** Patterns, as many together as fit into one expression. */
function chunk(patterns: readonly string[]): readonly (readonly string[])[] {
  const chunks: string[][] = [];
  let room = 0;
  let total = 0;
  for (const pattern of patterns) {
    const size = pattern.length + 1;
    total += size;
    room -= size;
    if (room >= 0) chunks.at(-1)?.push(pattern);
    else {
      chunks.push([pattern]);
      room = MAX_PATTERNS - pattern.length;
    }
  }
  if (total <= MAX_ALL_PATTERNS) return chunks;
  throw new CountersignError(
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
