import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
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

const TOO_DEEP = 'Is nested too deeply';
const TOO_OFTEN = 'Repeats its anchors too often';
const PLAINER = 'Write the file more plainly';

/** Parses YAML 1.2 (and so JSON), with merge keys. Never throws: whatever is wrong with the text is among the problems. */
export function readYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  function at(offset: number): Place {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
  function problemAt(offset: number, problem: string, fix: string): Problem {
    return { ...at(offset), path: '', kind: 'yaml', problem, fix };
  }
  function unreadable(problems: readonly Problem[]): YamlDocument {
    return { value: undefined, problems, readable: false, locate: () => at(0) };
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      logLevel: 'error', // 'silent' would accept further documents, unread
      prettyErrors: false,
      merge: true, // as YAML 1.1 has it, and every editor
      stringKeys: true,
      uniqueKeys: true,
    });
    // What comes after it is of the parser's giving up.
    const deep = document.errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
    if (deep !== undefined) return unreadable([problemAt(deep.pos[0], TOO_DEEP, PLAINER)]);
    const faults = [...document.errors.slice(0, MAX_SYNTAX_ERRORS), ...document.warnings];
    const problems = faults.map(({ code, message, pos }): Problem => {
      const said = message.split('\n', 1)[0]?.replace(/[.;]( .*)?$/, '') ?? code;
      const problem = problemAt(pos[0], said, FIXES[code] ?? 'Correct the YAML');
      return code === 'DUPLICATE_KEY' ? { ...problem, kind: 'duplicate' } : problem;
    });
    // In the order of the text, so that a long file is gone through once.
    const anchors = new Set<string>();
    const note = (_key: unknown, { anchor }: YAMLMap | YAMLSeq | Scalar): void => {
      if (anchor !== undefined) anchors.add(anchor);
    };
    visit(document, {
      Map: note,
      Seq: note,
      // An integer that a number would round: what is compared with it is exact.
      Scalar: (key, scalar) => {
        note(key, scalar);
        const { value, source = '' } = scalar;
        if (typeof value !== 'number' || Number.isSafeInteger(value)) return;
        if (/^[-+]?[0-9]{1,400}$/.test(source)) scalar.value = BigInt(source.replace('+', ''));
      },
      Alias: (_key, alias: Alias) => {
        if (anchors.has(alias.source)) return;
        const problem = `Refers to an anchor "${alias.source}" that does not exist`;
        const fix = 'Define the anchor before it is used';
        problems.push(problemAt(alias.range?.[0] ?? 0, problem, fix));
      },
    });
    if (problems.some(({ kind }) => kind !== 'duplicate')) return unreadable(problems);
    return {
      value: document.toJS({ maxAliasCount: MAX_ALIASES }),
      problems,
      readable: true,
      locate: (path, kind) => at(offsetOf(document, path, kind)),
    };
  } catch (error) {
    // The parser recurses: a file of nothing but brackets exhausts the stack, aliases upon aliases the limit.
    if (error instanceof RangeError) return unreadable([problemAt(0, TOO_DEEP, PLAINER)]);
    if (error instanceof ReferenceError) return unreadable([problemAt(0, TOO_OFTEN, PLAINER)]);
    const fix = 'Write a map after each "<<", or an alias of one';
    return unreadable([problemAt(0, 'Merges what is no map', fix)]);
  }
}

/** Offset of the deepest part of `path` that the file has. */
function offsetOf(document: Document.Parsed, path: Path, kind: ProblemKind): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
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
