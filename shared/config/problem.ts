import { CountersignError } from '#shared/core/errors.ts';
import { MAX_FAULT_TEXT } from './limits.ts';

/** What is wrong, for tests and scripts; `problem` and `fix` say it to people. */
export const PROBLEM_KINDS = [
  'bad-value',
  'conflict',
  'duplicate',
  'file',
  'missing',
  'too-large',
  'unknown-key',
  'wrong-type',
  'yaml',
] as const;

export type ProblemKind = (typeof PROBLEM_KINDS)[number];

export type Path = readonly (string | number)[];

/** Why something cannot be used, and what to do. */
export interface Fault {
  /** Without the value where that may be a secret. */
  readonly problem: string;
  readonly fix: string;
}

/** One thing that is wrong somewhere in the value, before its place in the file is looked up. */
export interface Finding extends Fault {
  readonly path: Path;
  readonly kind: ProblemKind;
}

/** One thing to repair in the file. Line and column count from 1. */
export interface Problem extends Omit<Finding, 'path'> {
  readonly line: number;
  readonly column: number;
  /** `trust.release.authorities[0].key`; empty for the file as a whole. */
  readonly path: string;
}

/** The config cannot be used: every problem that could be found, in the order of the file. */
export class ConfigError extends CountersignError {
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const [first] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    super('bad-config', first === undefined ? file : `${formatProblem(file, first)}${more}`);
    this.file = file;
    this.problems = problems;
  }
}

/** `FILE:LINE:COL  path  problem. Fix: …` on one line, as `countersign config check` prints it. */
export function formatProblem(file: string, problem: Problem): string {
  const path = problem.path === '' ? '(file)' : problem.path;
  return `${file}:${problem.line}:${problem.column}  ${path}  ${problem.problem}. Fix: ${problem.fix}`;
}

/** `images[0].match`; keys that are not plain words are quoted: `where["buildDefinition.buildType"]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const name = step.length > MAX_FAULT_TEXT ? `${step.slice(0, MAX_FAULT_TEXT)}…` : step;
    if (!/^[A-Za-z_][-A-Za-z0-9_]*$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}
