import { costOf, MAX_CONDITION, MAX_CONDITION_NODES } from '#shared/core/condition.ts';
import type { Authority } from '#shared/core/policy.ts';
import { fieldOf, isRecord } from './check.ts';
import { fingerprint } from './policy-hash.ts';
import type { Fault, Finding } from './problem.ts';
import { readAuthority } from './read-authority.ts';
import type { ConfigSource } from './read-file.ts';
import { authoritySchema } from './schema-authority.ts';

/** The authorities of each policy by its name, and what is wrong with the files they name. */
export interface TrustFiles {
  readonly authorities: ReadonlyMap<string, readonly Authority[]>;
  readonly findings: readonly Finding[];
}

/**
 * Reads the files of every authority that is sound in itself, whatever else is wrong with the config, so that all
 * problems show at once. `trust` is the raw value.
 */
export async function readTrust(trust: unknown, source: ConfigSource): Promise<TrustFiles> {
  const authorities = new Map<string, readonly Authority[]>();
  const findings: Finding[] = [];
  for (const [name, policy] of Object.entries(isRecord(trust) ? trust : {})) {
    const read: Authority[] = [];
    const seen = new Map<string, string>();
    for (const [index, entry] of listOf(policy, 'authorities').entries()) {
      const path = ['trust', name, 'authorities', index];
      const input = authoritySchema.safeParse(entry);
      if (!input.success) continue;
      const authority = await readAuthority(input.data, source, (finding) => {
        findings.push({ ...finding, path: [...path, ...finding.path] });
      });
      if (authority === undefined) continue;
      read.push(authority);
      const twin = seen.get(fingerprint(authority));
      if (twin !== undefined) findings.push(repeats(path, authority, twin));
      else seen.set(fingerprint(authority), authority.name);
    }
    authorities.set(name, read);
    for (const [index, rule] of listOf(policy, 'attestations').entries()) {
      const problem = await findConditionProblem(fieldOf(rule, 'condition'));
      if (problem === undefined) continue;
      const path = ['trust', name, 'attestations', index, 'condition'];
      findings.push({ path, kind: 'bad-value', ...problem });
    }
  }
  return { authorities, findings };
}

function listOf(policy: unknown, key: string): readonly unknown[] {
  const list = fieldOf(policy, key);
  return Array.isArray(list) ? list : [];
}

/** docs/threat-model.md, attack 14: one key under two names would count as one, and `require` promise too much. */
function repeats(path: Finding['path'], authority: Authority, twin: string): Finding {
  return {
    path: [...path, authority.type],
    kind: 'duplicate',
    problem: `Is the same ${authority.type === 'key' ? 'key' : 'identity'} as that of ${twin}, and would count once`,
    fix: 'Remove one of the two authorities, or give it another key',
  };
}

/**
 * Why a condition cannot be used, and what to do; undefined when it can, or when it is of a wrong type or length, which
 * the schema says. The language is loaded where a policy has a condition.
 */
async function findConditionProblem(text: unknown): Promise<Fault | undefined> {
  if (typeof text !== 'string' || text === '' || text.length > MAX_CONDITION) return undefined;
  const fix = 'Write a CEL expression over predicate that is true or false';
  const { Environment } = await import('@marcbachmann/cel-js');
  const limits = { maxAstNodes: MAX_CONDITION_NODES, maxDepth: 50 };
  try {
    const parsed = new Environment({ limits }).registerVariable('predicate', 'dyn').parse(text);
    const { valid, type = 'dyn', error } = parsed.check();
    if (!valid) return { problem: `Is no condition: ${firstLine(error)}`, fix };
    if (type !== 'bool' && type !== 'dyn')
      return { problem: `Gives ${type}, not true or false`, fix };
    const { problem } = costOf(parsed.ast);
    return problem === undefined ? undefined : { problem, fix };
  } catch (error) {
    return { problem: `Is no CEL: ${firstLine(error)}`, fix };
  }
}

function firstLine(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
}
