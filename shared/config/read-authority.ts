import { X509Certificate } from 'node:crypto';
import { defined } from '#shared/core/defined.ts';
import type { Authority, KeySource, TrustedRootSource } from '#shared/core/policy.ts';
import { parseJson } from '#shared/net/json.ts';
import { oidOfClaim } from './certificate-claims.ts';
import { isRecord } from './check.ts';
import { MAX_KEY_BYTES, MAX_ROOTS_BYTES, MAX_TRUSTED_ROOT_BYTES } from './limits.ts';
import { type ConfigSource, readNamed } from './read-file.ts';
import type { Finding } from './problem.ts';
import { hasManyHashes, readPublicKey } from './public-key.ts';
import type { AuthorityInput } from './schema-authority.ts';
import { findCompileProblem } from './subject-pattern.ts';

/** Takes findings whose path begins at the authority. */
export type Report = (finding: Finding) => void;

/** An authority with its files read and its pattern compiled once; undefined when something was reported. */
export async function readAuthority(
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
