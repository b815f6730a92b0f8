import { delimiter } from 'node:path';
import type * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { CheckQuestion } from '#shared/core/rollout/checks.ts';
import type { Authority, TrustPolicy } from '#shared/core/policy.ts';
import { fieldOf } from './check.ts';
import type { Config, FleetConfig, StoreConfig } from './config.ts';
import { describeIssue } from './describe-issue.ts';
import { buildJsonSchema, type JsonSchema } from './json-schema.ts';
import { MAX_CONFIG_BYTES, MAX_PROBLEMS } from './limits.ts';
import {
  type ConfigSource,
  type ReadFile,
  readTextFile,
  resolveNamed,
  systemCode,
} from './read-file.ts';
import { hashPolicy } from './policy-hash.ts';
import {
  ConfigError,
  type Finding,
  formatPath,
  type Problem,
  type ProblemKind,
} from './problem.ts';
import { readTrust } from './read-trust.ts';
import type { PolicyInput } from './schema-trust.ts';
import { type ConfigInput, configSchema } from './schema.ts';
import { findTrackProblems } from './tracks.ts';
import { readYaml, type YamlDocument } from './yaml-document.ts';

/**
 * Reads and checks the config file at `path`. Throws ConfigError with every problem, or `bad-config` when the file
 * itself cannot be read.
 */
export async function loadConfig(path: string, readFile: ReadFile = readTextFile): Promise<Config> {
  return parseConfig(await readConfigText(path, readFile), { file: path, readFile });
}

/** The text of the config file. Throws as `loadConfig`. */
export async function readConfigText(path: string, readFile: ReadFile): Promise<string> {
  try {
    return await readFile(path, MAX_CONFIG_BYTES);
  } catch (error) {
    if (toFailure(error).code === 'too-large') throw tooLarge(path);
    if (error instanceof CountersignError) {
      const message = `Config file ${path} cannot be read: ${error.message}`;
      throw new CountersignError(error.code, message, { cause: error });
    }
    throw new CountersignError(
      'bad-config',
      `Config file ${path} cannot be read (${systemCode(error)}): name a readable file, in COUNTERSIGN_CONFIG or to the command`,
      { cause: error },
    );
  }
}

/**
 * The config in `text`, with the files that it names read through `source.readFile` and paths resolved against
 * `source.file`. Throws ConfigError with every problem at once, in the order of the file.
 */
export async function parseConfig(text: string, source: ConfigSource): Promise<Config> {
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) throw tooLarge(source.file);
  const document = readYaml(text);
  if (!document.readable) throw new ConfigError(source.file, inOrder(document.problems));
  // Once in a process: to compile the schema first costs more than it saves.
  const parsed = configSchema.safeParse(document.value, { jitless: true });
  const files = await readTrust(fieldOf(document.value, 'trust'), source);
  const patterns = await findTrackProblems(fieldOf(document.value, 'images'));
  const issues = parsed.error?.issues ?? [];
  const problems = [
    ...document.problems,
    ...[...describeIssues(issues, document.value), ...files.findings, ...patterns]
      .slice(0, MAX_PROBLEMS)
      .map((finding) => placeOf(finding, document)),
  ];
  if (problems.length > 0 || !parsed.success) {
    throw new ConfigError(source.file, inOrder(onceEach(problems)));
  }
  return buildConfig(parsed.data, files.authorities, source);
}

/** The problem of a file past the limit, whether the reader or the parser met it. */
function tooLarge(file: string): ConfigError {
  const problem = `Is larger than ${MAX_CONFIG_BYTES} bytes`;
  const fix = 'Remove what does not belong to the configuration, and name keys by file';
  return new ConfigError(file, [{ line: 1, column: 1, path: '', kind: 'too-large', problem, fix }]);
}

const UNFIT: readonly ProblemKind[] = ['wrong-type', 'too-large'];

/** Made for the first file that has problems: it takes longer than to read the file. */
let helpSchema: JsonSchema | undefined;

function describeIssues(issues: readonly z.core.$ZodIssue[], root: unknown): Finding[] {
  if (issues.length === 0) return [];
  const schema = (helpSchema ??= buildJsonSchema());
  const findings = issues.flatMap((issue) => describeIssue(issue, { root, schema }));
  // What has the wrong type is not judged by its size as well, and what is too large not by its value.
  const unfit = UNFIT.map((kind) => pathsOf(findings.filter((finding) => finding.kind === kind)));
  return findings.filter(({ kind, path }) => {
    const before = UNFIT.includes(kind) ? UNFIT.indexOf(kind) : UNFIT.length;
    return !unfit.slice(0, before).some((paths) => paths.has(formatPath(path)));
  });
}

function pathsOf(findings: readonly Finding[]): ReadonlySet<string> {
  return new Set(findings.map(({ path }) => formatPath(path)));
}

/** A finding with its place in the file. */
export function placeOf({ path, ...finding }: Finding, document: YamlDocument): Problem {
  return { ...document.locate(path, finding.kind), path: formatPath(path), ...finding };
}

/** An alias repeats what is wrong with its anchor: that is to be repaired once, where it is written. */
function onceEach(problems: readonly Problem[]): Problem[] {
  const field = /[^.[]*$/;
  const seen = new Set<string>();
  return problems.filter(({ line, column, path, problem }) => {
    const key = [line, column, field.exec(path)?.[0], problem].join(' ');
    return seen.size < seen.add(key).size;
  });
}

/** Problems in the order of the file. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** The config that functions take, of an input that has no problem left. */
function buildConfig(
  input: ConfigInput,
  authorities: ReadonlyMap<string, readonly Authority[]>,
  source: ConfigSource,
): Config {
  const policies = Object.entries(input.trust).map(
    ([name, policy]) => [name, buildPolicy(name, policy, authorities.get(name) ?? [])] as const,
  );
  const { records, ...rest } = input;
  return {
    ...rest,
    rollouts: buildRollouts(input.rollouts, source),
    fleet: buildFleet(input, source),
    registries: input.registries.map((registry) => ({
      ...registry,
      ...(registry.ca !== undefined && { ca: resolveNamed(source, registry.ca) }),
    })),
    trust: Object.fromEntries(policies),
    store: buildStore(input.store, source),
    ...(records && { records: buildStore(records, source) }),
  };
}

function buildPolicy(
  name: string,
  input: PolicyInput,
  authorities: readonly Authority[],
): TrustPolicy {
  const { format, signatureRepository, attestations, signatures, allowUnsigned } = input;
  const policy = {
    name,
    require: input.require ?? authorities.length,
    authorities,
    format,
    attestations,
    // Left out where it is the default, so that policies keep the hash they had.
    ...defined({
      signatureRepository,
      signatures: signatures === 'attested' ? signatures : undefined,
    }),
    allowUnsigned,
  };
  return { ...policy, hash: hashPolicy(policy) };
}

function buildRollouts(
  { strategies, ...rest }: ConfigInput['rollouts'],
  source: ConfigSource,
): ConfigInput['rollouts'] {
  const built = Object.entries(strategies).map(([name, strategy]) => {
    const stages = strategy.stages.map(({ checks, ...stage }) => ({
      ...stage,
      ...(checks && { checks: checks.map((check) => resolveToken(check, source)) }),
    }));
    return [name, { ...strategy, stages }] as const;
  });
  return { ...rest, strategies: Object.fromEntries(built) };
}

function resolveToken<T extends { readonly ask: CheckQuestion }>(
  check: T,
  source: ConfigSource,
): T {
  const { ask } = check;
  if (ask.type === 'monitoring' || ask.tokenFile === undefined) return check;
  return { ...check, ask: { ...ask, tokenFile: resolveNamed(source, ask.tokenFile) } };
}

function buildFleet({ fleet }: ConfigInput, source: ConfigSource): FleetConfig {
  const { gkeHub, kubeconfig, argocd, clusterApi } = fleet;
  if (gkeHub !== undefined) {
    const project = `projects/${gkeHub.projects[0]}`;
    return { type: 'gkeHub', source: project, budget: 'gateway', managed: true, ...gkeHub };
  }
  const direct = { budget: 'none', managed: false } as const;
  if (argocd !== undefined) {
    return { type: 'argocd', source: 'argocd', ...direct, ...argocd, ...pathOf(argocd, source) };
  }
  if (clusterApi !== undefined) {
    const facts = { type: 'clusterApi', source: 'clusterApi', ...direct } as const;
    return { ...facts, ...clusterApi, ...pathOf(clusterApi, source) };
  }
  if (kubeconfig === undefined) throw new TypeError('The schema requires one kind of fleet');
  // Several by colons, as in KUBECONFIG.
  const paths = kubeconfig.path.split(delimiter).filter((one) => one !== '');
  const path = paths.map((one) => resolveNamed(source, one)).join(delimiter);
  const facts = { source: 'kubeconfig', budget: 'none', managed: false } as const;
  const ca = kubeconfig.ca === undefined ? undefined : resolveNamed(source, kubeconfig.ca);
  return { type: 'kubeconfig', ...facts, ...kubeconfig, path, ...defined({ ca }) };
}

function pathOf(
  { kubeconfig }: { readonly kubeconfig?: string },
  source: ConfigSource,
): { readonly kubeconfig?: string } {
  return kubeconfig === undefined ? {} : { kubeconfig: resolveNamed(source, kubeconfig) };
}

function buildStore(
  { firestore, sqlite }: ConfigInput['store'],
  source: ConfigSource,
): StoreConfig {
  if (firestore !== undefined) return { type: 'firestore', ...firestore };
  if (sqlite === undefined) throw new TypeError('The schema requires one kind of store');
  return { type: 'sqlite', path: resolveNamed(source, sqlite.path) };
}
