import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import { MAX_ALIASES, MAX_SYNTAX_ERRORS } from './limits.ts';
import type { Path, Problem, ProblemKind } from './problem.ts';

/** The file as a value, and the way back from a path in the value to its place in the file. */
export interface YamlDocument {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Whether the value is what the author meant, so that checking it is worth while. */
  readonly readable: boolean;
  /** Of the value at `path`; of the key for an unknown key; of what should hold it when it is missing. */
  locate(path: Path, kind: ProblemKind): Place;
}

export interface Place {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

const FIXES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'Keep one of the two keys',
  MULTIPLE_DOCS: 'Keep one document: remove the second "---"',
  NON_STRING_KEY: 'Write a plain text as key',
  TAB_AS_INDENT: 'Indent with spaces',
  TAG_RESOLVE_FAILED: 'Remove the tag',
};

/** Parses YAML 1.2 (and so JSON). Never throws: whatever is wrong with the text is among the problems. */
export function readYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    return readDocument(text, lines, at);
  } catch (error) {
    // The parser recurses: a file of nothing but brackets exhausts the stack, aliases upon aliases the limit.
    const problem =
      error instanceof RangeError ? 'Is nested too deeply' : 'Repeats its anchors too often';
    return unreadable({
      ...at(0),
      path: '',
      kind: 'yaml',
      problem,
      fix: 'Write the file more plainly',
    });
  }
}

function readDocument(
  text: string,
  lines: LineCounter,
  at: (offset: number) => Place,
): YamlDocument {
  const document = parseDocument(text, {
    lineCounter: lines,
    logLevel: 'error', // 'silent' would accept further documents, unread
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: true,
  });
  const problems: Problem[] = [
    ...document.errors.slice(0, MAX_SYNTAX_ERRORS),
    ...document.warnings,
  ].map((error) => ({
    ...at(error.pos[0]),
    path: '',
    kind: error.code === 'DUPLICATE_KEY' ? 'duplicate' : 'yaml',
    problem: error.message.split('\n', 1)[0]?.replace(/[.;].*$/, '') ?? error.code,
    fix: FIXES[error.code] ?? 'Correct the YAML',
  }));
  visit(document, {
    // An integer that a number would round: what is compared with it is exact.
    Scalar: (_key, scalar) => {
      const { value, source = '' } = scalar;
      if (typeof value !== 'number' || Number.isSafeInteger(value)) return;
      if (/^[-+]?[0-9]{1,400}$/.test(source)) scalar.value = BigInt(source.replace('+', ''));
    },
    Alias: (_key, alias: Alias) => {
      if (alias.resolve(document) !== undefined) return;
      const fix = 'Define the anchor before it is used';
      const problem = `Refers to an anchor "${alias.source}" that does not exist`;
      problems.push({ ...at(alias.range?.[0] ?? 0), path: '', kind: 'yaml', problem, fix });
    },
  });
  const readable = problems.every(({ kind }) => kind === 'duplicate');
  if (!readable) return { value: undefined, problems, readable, locate: () => at(0) };
  return {
    value: document.toJS({ maxAliasCount: MAX_ALIASES }),
    problems,
    readable,
    locate: (path, kind) =>
      at(offsetOf(document.contents, path, kind, (alias) => alias.resolve(document))),
  };
}

function unreadable(problem: Problem): YamlDocument {
  return { value: undefined, problems: [problem], readable: false, locate: () => problem };
}

/** Offset of the deepest part of `path` that the file has. */
function offsetOf(
  root: unknown,
  path: Path,
  kind: ProblemKind,
  resolve: (alias: Alias) => unknown,
): number {
  let node = root;
  let offset = startOf(root) ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = resolve(node);
    if (isMap(node)) {
      const pair = node.items.find(
        ({ key }) => isScalar(key) && String(key.value) === String(step),
      );
      if (pair === undefined) return offset;
      const key = startOf(pair.key) ?? offset;
      const wantsKey = depth === path.length - 1 && kind === 'unknown-key';
      offset = wantsKey ? key : (startOf(pair.value) ?? key);
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
