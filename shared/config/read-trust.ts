import { X509Certificate } from 'node:crypto';
import { costOf, MAX_CONDITION, MAX_CONDITION_NODES } from '#shared/core/condition.ts';
import { defined } from '#shared/core/defined.ts';
import type { Authority, KeySource, TrustedRootSource } from '#shared/core/policy.ts';
import { parseJson } from '#shared/net/json.ts';
import { oidOfClaim } from './certificate-claims.ts';
import { fieldOf, isRecord } from './check.ts';
import { MAX_KEY_BYTES, MAX_ROOTS_BYTES, MAX_TRUSTED_ROOT_BYTES } from './limits.ts';
import { fingerprint } from './policy-hash.ts';
import type { Fault, Finding } from './problem.ts';
import { hasManyHashes, readPublicKey } from './public-key.ts';
import { type ConfigSource, readNamed } from './read-file.ts';
import { type AuthorityInput, authoritySchema } from './schema-authority.ts';
import { findCompileProblem } from './subject-pattern.ts';

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
    if (!valid) return { problem: `Is not a condition: ${firstLine(error)}`, fix };
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

/** Takes findings whose path begins at the authority. */
type Report = (finding: Finding) => void;

/** An authority with its files read and its pattern compiled once; undefined when something was reported. */
async function readAuthority(
  input: AuthorityInput,
  source: ConfigSource,
  report: Report,
): Promise<Authority | undefined> {
  const read = reader(source, report);
  const [key, root, compiles] = await Promise.all([
    readKey(input, read, report),
    readTrustedRoot(input, read),
    checkPattern(input, report),
  ]);
  if (root === undefined || !compiles) return undefined;
  const { name, annotations } = input;
  const ownRoot = defined({ trustedRoot: input.trustedRoot && root });
  if (input.certificate !== undefined) {
    const { transparencyLog } = input.certificate;
    const roots = await read(['certificate', 'roots'], input.certificate.roots, ROOTS);
    if (roots === undefined) return undefined;
    const subject = subjectOf(input.certificate);
    return { type: 'certificate', name, roots, subject, transparencyLog, annotations, ...ownRoot };
  }
  if (input.keyless === undefined) {
    const { transparencyLog = 'ignore' } = input;
    return key && { type: 'key', name, key, transparencyLog, annotations, ...ownRoot };
  }
  const { issuer, issuerRegExp = '', claims, transparencyLog, ctLog } = input.keyless;
  return {
    type: 'keyless',
    name,
    issuer: issuer ?? { pattern: issuerRegExp },
    // Left out where they are the default, so that policies keep the hash they had.
    ...defined({
      transparencyLog: transparencyLog === 'timestamp' ? transparencyLog : undefined,
      ctLog: ctLog === 'ignore' ? ctLog : undefined,
    }),
    subject: subjectOf(input.keyless),
    annotations,
    trustedRoot: root,
    claims: Object.fromEntries(
      Object.entries(claims).map(([claim, value]) => [oidOfClaim(claim) ?? claim, value]),
    ),
  };
}

function subjectOf({ subject, subjectRegExp = '' }: { subject?: string; subjectRegExp?: string }) {
  return subject === undefined ? { pattern: subjectRegExp } : { exact: subject };
}

/** What a file that an authority names may be. */
interface FileKind {
  readonly maxBytes: number;
  readonly isKind: (text: string) => boolean;
  readonly problem: string;
  readonly fix: string;
}

const ROOTS: FileKind = {
  maxBytes: MAX_ROOTS_BYTES,
  isKind: hasCertificate,
  problem: 'Names a file that holds no certificate',
  fix: 'Name a PEM file with the roots',
};
const TRUSTED_ROOT: FileKind = {
  maxBytes: MAX_TRUSTED_ROOT_BYTES,
  isKind: (text) => isRecord(parseJson(text)),
  problem: 'Names a file that is not a JSON object',
  fix: 'Name a Sigstore trusted_root.json',
};
const TUF_ROOT: FileKind = { ...TRUSTED_ROOT, fix: 'Name the root.json of the TUF repository' };
/** `readPublicKey` says what is wrong with one. */
const KEY: FileKind = { maxBytes: MAX_KEY_BYTES, isKind: () => true, problem: '', fix: '' };

/** The text of the file that the field at `path` names; undefined when something was reported. */
type ReadFile = (path: string[], file: string, kind: FileKind) => Promise<string | undefined>;

function reader(source: ConfigSource, report: Report): ReadFile {
  return async (path, file, { maxBytes, isKind, problem, fix }) => {
    const content = await readNamed(source, file, maxBytes);
    if (typeof content !== 'string') report({ path, kind: 'file', ...content });
    else if (isKind(content)) return content;
    else report({ path, kind: 'bad-value', problem, fix });
    return undefined;
  };
}

async function readKey(
  { key }: AuthorityInput,
  read: ReadFile,
  report: Report,
): Promise<KeySource | undefined> {
  if (key?.kms !== undefined) return { kms: key.kms };
  const path = ['key', key?.pem === undefined ? 'file' : 'pem'];
  const text = key?.pem ?? (key?.file && (await read(path, key.file, KEY)));
  if (text === undefined) return undefined;
  const found = readPublicKey(text);
  if (!('pem' in found)) {
    report({ path, kind: 'bad-value', ...found });
    return undefined;
  }
  const { pem } = found;
  if (key?.hash === undefined) return { pem };
  if (hasManyHashes(pem)) return { pem, hash: key.hash };
  const problem = 'Means nothing for this key, whose kind has one hash';
  report({ path: ['key', 'hash'], kind: 'conflict', problem, fix: 'Remove it' });
  return undefined;
}

async function readTrustedRoot(
  { trustedRoot = 'public-good' }: AuthorityInput,
  read: ReadFile,
): Promise<TrustedRootSource | undefined> {
  if (trustedRoot === 'public-good') return trustedRoot;
  if ('tuf' in trustedRoot) {
    const root = await read(['trustedRoot', 'tuf', 'root'], trustedRoot.tuf.root, TUF_ROOT);
    return root === undefined ? undefined : { tuf: { ...trustedRoot.tuf, root } };
  }
  const json = await read(['trustedRoot', 'file'], trustedRoot.file, TRUSTED_ROOT);
  return json === undefined ? undefined : { json };
}

function hasCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).ca;
  } catch {
    return false;
  }
}

async function checkPattern(
  { keyless, certificate }: AuthorityInput,
  report: Report,
): Promise<boolean> {
  const patterns = [
    [['keyless', 'issuerRegExp'], keyless?.issuerRegExp],
    [['keyless', 'subjectRegExp'], keyless?.subjectRegExp],
    [['certificate', 'subjectRegExp'], certificate?.subjectRegExp],
  ] as const;
  let compiles = true;
  const fix = 'Write RE2 syntax: no look-around, no back-references';
  for (const [path, pattern] of patterns) {
    const problem = pattern && (await findCompileProblem(pattern));
    if (!problem) continue;
    compiles = false;
    report({ path: [...path], kind: 'bad-value', problem: `Does not compile: ${problem}`, fix });
  }
  return compiles;
}
