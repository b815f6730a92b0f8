import type { Document } from 'yaml';
import { MAX_FAULT_TEXT, MAX_SYNTAX_ERRORS } from './limits.ts';
import type { Fault, Path, ProblemKind } from './problem.ts';
import { fieldAt } from './yaml-places.ts';

/** What is wrong at a place of the text. */
export interface TextFault extends Fault {
  readonly offset: number;
  readonly kind: ProblemKind;
  /** Absent: the field that the place is in. */
  readonly path?: Path;
}

/** Codes of the parser after which it goes on as the author meant it. */
const LOCAL: ReadonlySet<string> = new Set([
  'DUPLICATE_KEY',
  'MULTIPLE_DOCS',
  'NON_STRING_KEY',
  'TAG_RESOLVE_FAILED',
]);

const PROBLEMS: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'Has a key in its value',
  DUPLICATE_KEY: 'Is written twice',
  MULTILINE_IMPLICIT_KEY: 'Has a line that is no "key: value"',
  MULTIPLE_DOCS: 'Has more than one document',
  NON_STRING_KEY: 'Has a key that is no plain text',
};

const FIXES: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'Put the text in quotes',
  BAD_DIRECTIVE: 'Remove the line that begins with "%"',
  BAD_DQ_ESCAPE: 'Write the backslash twice, or the text in single quotes',
  BAD_INDENT: 'Indent it as what it belongs to',
  BAD_SCALAR_START: 'Put the text in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'Put the text in quotes, or indent the next line as this one',
  BLOCK_IN_FLOW: 'Write commas between the entries',
  DUPLICATE_KEY: 'Keep one of the two keys',
  KEY_OVER_1024_CHARS: 'Shorten the key',
  MISSING_CHAR: 'Add what is missing',
  MULTILINE_IMPLICIT_KEY: 'Write a colon and a space after the key',
  MULTIPLE_ANCHORS: 'Keep one of the two anchors',
  MULTIPLE_DOCS: 'Keep one document: remove what begins here',
  MULTIPLE_TAGS: 'Remove the tags',
  NON_STRING_KEY: 'Write a plain text as key',
  TAB_AS_INDENT: 'Indent with spaces',
  TAG_RESOLVE_FAILED: 'Remove the tag',
  UNEXPECTED_TOKEN: 'Remove it, or indent it as what it belongs to',
};

/**
 * What the parser did not understand, in the order of the text: one slip of syntax draws many more behind it, which are
 * left out. `stopped`: there was one, so that the value is not what the author meant.
 */
export function findSyntaxFaults(
  { contents, errors, warnings, directives }: Document.Parsed,
  text: string,
): { readonly faults: readonly TextFault[]; readonly stopped: boolean } {
  if (directives.yaml.version === '1.1') {
    const offset = Math.max(0, text.search(/^%YAML/m));
    return { faults: [{ offset, kind: 'yaml', ...OLDER }], stopped: true };
  }
  const found = [...errors, ...warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  const slip = found.findIndex(({ code }) => !LOCAL.has(code));
  const kept = found.slice(0, slip < 0 ? MAX_SYNTAX_ERRORS : slip + 1);
  const faults = kept.map(({ code, message, pos }): TextFault => {
    const kind = code === 'DUPLICATE_KEY' ? 'duplicate' : 'yaml';
    const [line = code] = message.split('\n', 1);
    const said = line.replace(/: ".*$|[.;]( .*)?$/, '').slice(0, MAX_FAULT_TEXT);
    const fault = { offset: pos[0], kind, problem: PROBLEMS[code] ?? said } as const;
    const fix = FIXES[code] ?? 'Correct the YAML';
    if (code === 'MULTIPLE_DOCS') return { ...fault, fix, path: [] };
    if (LOCAL.has(code)) return { ...fault, fix };
    if (isTabbed(text, fault.offset)) return { ...fault, ...TABBED };
    if (!/^Missing closing|end with a/.test(line)) return { ...fault, fix };
    // The parser complains where the file, or the next entry, begins to make no sense.
    const { path, start } = fieldAt(contents, fault.offset - 1).opened;
    return { ...fault, offset: start, path, fix: 'Close it' };
  });
  return { faults, stopped: slip >= 0 };
}

/** It reads `010` as 8, and `no` as false. */
const OLDER = { problem: 'Is written in YAML 1.1', fix: 'Write %YAML 1.2, or remove the line' };

const TABBED = { problem: 'Tabs are not allowed as indentation', fix: 'Indent with spaces' };

/** Whether the line of `offset` is indented by tabs, which the parser may complain of by what follows. */
function isTabbed(text: string, offset: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1);
  return /^ *\t/.test(line);
}
