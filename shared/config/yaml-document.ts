import { type Document, LineCounter, parseDocument } from 'yaml';
import { MAX_ALIASES } from './limits.ts';
import { formatPath, type Path, type Problem, type ProblemKind } from './problem.ts';
import { checkNodes, findMostRepeated } from './yaml-nodes.ts';
import { offsetOf, fieldAt, startOf } from './yaml-places.ts';
import { findSyntaxFaults, type TextFault } from './yaml-syntax.ts';

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

const TOO_DEEP = 'Is nested too deeply';
const TOO_OFTEN = 'Repeats its anchors too often';

/** Parses YAML 1.2 (and so JSON), with merge keys. Never throws: whatever is wrong with the text is among the problems. */
export function readYaml(text: string): YamlDocument {
  // A CR alone ends a line, too (YAML 1.2.2, section 5.4), which the parser does not know.
  const source = text.replaceAll(/\r\n?/g, '\n');
  const lines = new LineCounter();
  let document: Document.Parsed | undefined;
  function at(offset: number): Place {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
  function problemOf({ offset, path, ...fault }: TextFault): Problem {
    const field = path ?? fieldAt(document?.contents, offset).path;
    return { ...at(offset), path: formatPath(field), ...fault };
  }
  function unreadable(faults: readonly TextFault[]): YamlDocument {
    const problems = faults.map(problemOf);
    return { value: undefined, problems, readable: false, locate: () => at(0) };
  }
  function tooMuch(problem: string, offset = 0): YamlDocument {
    // Within it, one field is as good as another.
    const path = fieldAt(document?.contents, offset).path.slice(0, 1);
    const fix = 'Write the file more plainly';
    return unreadable([{ offset, path, kind: 'yaml', problem, fix }]);
  }
  try {
    const parsed = parseDocument(source, {
      lineCounter: lines,
      logLevel: 'error', // 'silent' would accept further documents, unread
      prettyErrors: false,
      merge: true, // as YAML 1.1 has it, and every editor
      resolveKnownTags: false, // a Map or a Set would be taken for an object without fields
      stringKeys: true,
      uniqueKeys: true,
    });
    document = parsed;
    // What comes after it is of the parser's giving up.
    const deep = parsed.errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
    if (deep !== undefined) return tooMuch(TOO_DEEP, deep.pos[0]);
    const { faults, stopped } = findSyntaxFaults(parsed, source);
    if (stopped) return unreadable(faults);
    const all = [...faults, ...checkNodes(parsed)];
    if (all.some(({ kind }) => kind === 'yaml')) return unreadable(all);
    return {
      value: parsed.toJS({ maxAliasCount: MAX_ALIASES }),
      problems: all.map(problemOf),
      readable: true,
      locate: (path, kind) => at(offsetOf(parsed, path, kind)),
    };
  } catch (error) {
    // The parser recurses: a file of nothing but brackets exhausts the stack, aliases upon aliases the limit.
    if (error instanceof RangeError) return tooMuch(TOO_DEEP);
    if (document === undefined || !(error instanceof ReferenceError)) throw error;
    return tooMuch(TOO_OFTEN, startOf(findMostRepeated(document)));
  }
}
