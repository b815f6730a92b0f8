import type * as z from 'zod';
import { buildConfig } from './build-config.ts';
import { fieldOf } from './check.ts';
import type { Config } from './config.ts';
import { describeIssue } from './describe-issue.ts';
import { buildJsonSchema } from './json-schema.ts';
import { MAX_CONFIG_BYTES, MAX_PROBLEMS } from './limits.ts';
import type { ConfigSource } from './named-file.ts';
import { ConfigError, type Finding, formatPath, type Problem } from './problem.ts';
import { readTrust } from './read-trust.ts';
import { configSchema } from './schema.ts';
import { readYaml, type YamlDocument } from './yaml-document.ts';

/**
 * The config in `text`, with the files that it names read through `source.readFile` and paths resolved against
 * `source.file`. Throws ConfigError with every problem at once, in the order of the file.
 */
export async function parseConfig(text: string, source: ConfigSource): Promise<Config> {
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) throw tooLarge(source.file);
  const document = readYaml(text);
  if (!document.readable) throw new ConfigError(source.file, inOrder(document.problems));
  const parsed = configSchema.safeParse(document.value);
  const files = await readTrust(fieldOf(document.value, 'trust'), source);
  const issues = parsed.error?.issues ?? [];
  const problems = [
    ...document.problems,
    ...[...describeIssues(issues, document.value), ...files.findings]
      .slice(0, MAX_PROBLEMS)
      .map((finding) => placeOf(finding, document)),
  ];
  if (problems.length > 0 || !parsed.success) throw new ConfigError(source.file, inOrder(problems));
  return buildConfig(parsed.data, files.authorities, source);
}

/** The problem of a file past the limit, whether the reader or the parser met it. */
export function tooLarge(file: string): ConfigError {
  const problem = `Is larger than ${MAX_CONFIG_BYTES} bytes`;
  const fix = 'Remove what is no configuration, and name keys by file';
  return new ConfigError(file, [{ line: 1, column: 1, path: '', kind: 'too-large', problem, fix }]);
}

function describeIssues(issues: readonly z.core.$ZodIssue[], root: unknown): Finding[] {
  if (issues.length === 0) return [];
  const schema = buildJsonSchema();
  const findings = issues.flatMap((issue) => describeIssue(issue, { root, schema }));
  // What has the wrong type is not judged by its value as well.
  const mistyped = new Set(
    findings.flatMap(({ kind, path }) => (kind === 'wrong-type' ? formatPath(path) : [])),
  );
  return findings.filter(
    ({ kind, path }) => kind === 'wrong-type' || !mistyped.has(formatPath(path)),
  );
}

function placeOf({ path, ...finding }: Finding, document: YamlDocument): Problem {
  return { ...document.locate(path, finding.kind), path: formatPath(path), ...finding };
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
