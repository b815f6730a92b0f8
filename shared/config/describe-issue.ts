import type * as z from 'zod';
import { fieldOf, isRecord } from './check.ts';
import { type FieldHelp, helpFor, type JsonSchema } from './json-schema.ts';
import { type Finding, type Path, PROBLEM_KINDS } from './problem.ts';

/** What an issue is about: the whole raw value, and the schema that explains its fields. */
export interface IssueContext {
  readonly root: unknown;
  readonly schema: JsonSchema;
}

/** What zod says of a value, in our words: one finding for each thing to repair. */
export function describeIssue(issue: z.core.$ZodIssue, context: IssueContext): Finding[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  switch (issue.code) {
    case 'custom': {
      const { kind, fix = fixFrom(path, context) } = paramsOf(issue.params);
      return [{ path, kind, problem: issue.message, fix }];
    }
    case 'unrecognized_keys': {
      const fix = `Remove it, or write one of ${helpFor(path, context.schema).keys.join(', ')}`;
      const unknown = { kind: 'unknown-key', problem: 'Is an unknown key', fix } as const;
      return issue.keys.map((key) => ({ path: [...path, key], ...unknown }));
    }
    case 'invalid_type':
      return [wrongType(path, context)];
    case 'invalid_union':
      return describeUnion(issue, path, context);
    case 'invalid_key': {
      const problem = issue.issues[0]?.message ?? issue.message;
      return [{ path, kind: 'unknown-key', problem, fix: 'Rename it' }];
    }
    case 'too_big': {
      const problem = sizeProblem(issue.origin, 'more', issue.maximum);
      return [{ path, kind: 'too-large', problem, fix: fixFrom(path, context) }];
    }
    case 'too_small':
      return [badValue(path, sizeProblem(issue.origin, 'less', issue.minimum), context)];
    case 'invalid_value':
      return (valueAt(context.root, path) ?? undefined) === undefined
        ? [wrongType(path, context)]
        : [badValue(path, 'Is not one of its values', context)];
    default:
      return [badValue(path, issue.message, context)];
  }
}

function wrongType(path: Path, context: IssueContext): Finding {
  const value = valueAt(context.root, path);
  if (value === undefined) {
    const fix = `Add it: ${helpText(helpFor(path, context.schema))}`;
    return { path, kind: 'missing', problem: 'Is missing', fix };
  }
  const problem = `Is ${typeName(value)}`;
  return { path, kind: 'wrong-type', problem, fix: fixFrom(path, context) };
}

/** The branch that the author meant is the one whose complaints lie deeper than its own type. */
function describeUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  context: IssueContext,
): Finding[] {
  const meant = issue.errors.find((issues) => issues.every((inner) => isInside(inner))) ?? [];
  if (meant.length > 0) {
    return meant.flatMap((inner) =>
      describeIssue({ ...inner, path: [...path, ...inner.path] }, context),
    );
  }
  const isOfNoKind = issue.errors.length === 0 && valueAt(context.root, path) !== undefined;
  return [
    isOfNoKind ? badValue(path, 'Is not one of its values', context) : wrongType(path, context),
  ];
}

function isInside(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys' || issue.code === 'custom';
}

function badValue(path: Path, problem: string, context: IssueContext): Finding {
  return { path, kind: 'bad-value', problem, fix: fixFrom(path, context) };
}

function fixFrom(path: Path, context: IssueContext): string {
  const help = helpFor(path, context.schema);
  if (help.choices.length > 0) return `Write ${help.choices.join(' or ')}`;
  if (help.example !== undefined) return `Write it as in ${help.example}`;
  if (help.keys.length > 0) return `Write a map with keys of ${help.keys.join(', ')}`;
  return help.description === undefined ? 'Correct it' : `Write what it is: ${help.description}`;
}

function helpText({ description, example, choices }: FieldHelp): string {
  const shown = choices.length > 0 ? choices.join(' or ') : example;
  if (shown === undefined) return description ?? 'it has no default';
  return description === undefined ? shown : `${description}, as in ${shown}`;
}

function sizeProblem(origin: string, than: 'more' | 'less', bound: number | bigint): string {
  const units: Readonly<Record<string, string>> = {
    string: ' characters',
    array: ' entries',
    record: ' entries',
  };
  return `Is ${than} than ${bound}${units[origin] ?? ''}`;
}

function typeName(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'a map';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'bigint') return `the number ${value}`;
  return typeof value === 'number' || typeof value === 'boolean'
    ? `the ${typeof value} ${value}`
    : 'no value';
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof step === 'string') return fieldOf(value, step);
    return Array.isArray(value) ? value[step] : undefined;
  }, root);
}

/** Kind and fix of a check of the schema, as `finding` hands them to zod. */
function paramsOf(params: Record<string, unknown> = {}): Pick<Finding, 'kind'> & { fix?: string } {
  const kind = PROBLEM_KINDS.find((known) => known === params['kind']) ?? 'bad-value';
  const { fix } = params;
  return typeof fix === 'string' ? { kind, fix } : { kind };
}
