import { X509Certificate } from 'node:crypto';
import * as z from 'zod';
import type {
  Authority,
  KeySource,
  SignatureHash,
  TrustedRootSource,
} from '#shared/core/policy.ts';
import { oidOfClaim } from './certificate-claims.ts';
import { MAX_KEY_BYTES, MAX_ROOTS_BYTES, MAX_TRUSTED_ROOT_BYTES } from './limits.ts';
import { type ConfigSource, readNamed } from './named-file.ts';
import type { Finding } from './problem.ts';
import { hasManyHashes, readPublicKey } from './public-key.ts';
import type { AuthorityInput } from './schema-authority.ts';
import { findCompileProblem } from './subject-pattern.ts';

/** Takes findings whose path begins at the authority. */
export type Report = (finding: Finding) => void;

const trustedRootSchema = z.record(z.string(), z.unknown());

/** An authority with its files read and its pattern compiled once; undefined when something was reported. */
export async function readAuthority(
  input: AuthorityInput,
  source: ConfigSource,
  report: Report,
): Promise<Authority | undefined> {
  const [key, root, compiles] = await Promise.all([
    readKey(input, source, report),
    readTrustedRoot(input, source, report),
    checkPattern(input, report),
  ]);
  if (root === undefined || !compiles) return undefined;
  const { name, annotations } = input;
  if (input.certificate !== undefined) {
    const { roots, subject, subjectRegExp = '', transparencyLog } = input.certificate;
    const path = ['certificate', 'roots'];
    const content = await readNamed(source, roots, MAX_ROOTS_BYTES);
    if (!('text' in content)) {
      report({ path, kind: 'file', ...content });
      return undefined;
    }
    if (!hasCertificate(content.text)) {
      const problem = 'Names a file that holds no certificate';
      report({ path, kind: 'bad-value', problem, fix: 'Name a PEM file with the roots' });
      return undefined;
    }
    return {
      type: 'certificate',
      name,
      roots: content.text,
      subject: subject === undefined ? { pattern: subjectRegExp } : { exact: subject },
      transparencyLog,
      annotations,
      ...(input.trustedRoot === undefined ? {} : { trustedRoot: root }),
    };
  }
  if (input.keyless === undefined) {
    if (key === undefined) return undefined;
    const shared = {
      type: 'key',
      name,
      key,
      transparencyLog: input.transparencyLog ?? 'ignore',
      annotations,
    } as const;
    return input.trustedRoot === undefined ? shared : { ...shared, trustedRoot: root };
  }
  const { issuer, issuerRegExp = '', subject, subjectRegExp = '', claims } = input.keyless;
  const { transparencyLog, ctLog } = input.keyless;
  return {
    type: 'keyless',
    name,
    issuer: issuer ?? { pattern: issuerRegExp },
    // Left out where they are the default, so that policies keep the hash they had.
    ...(transparencyLog === 'timestamp' ? { transparencyLog } : {}),
    ...(ctLog === 'ignore' ? { ctLog } : {}),
    subject: subject === undefined ? { pattern: subjectRegExp } : { exact: subject },
    annotations,
    trustedRoot: root,
    claims: Object.fromEntries(
      Object.entries(claims).map(([claim, value]) => [oidOfClaim(claim) ?? claim, value]),
    ),
  };
}

async function readKey(
  { key }: AuthorityInput,
  source: ConfigSource,
  report: Report,
): Promise<KeySource | undefined> {
  if (key?.kms !== undefined) return { kms: key.kms };
  if (key?.pem !== undefined) return checkKey(key.pem, key.hash, ['key', 'pem'], report);
  if (key?.file === undefined) return undefined;
  const path = ['key', 'file'];
  const content = await readNamed(source, key.file, MAX_KEY_BYTES);
  if ('text' in content) return checkKey(content.text, key.hash, path, report);
  report({ path, kind: 'file', ...content });
  return undefined;
}

function checkKey(
  text: string,
  hash: SignatureHash | undefined,
  path: string[],
  report: Report,
): KeySource | undefined {
  const key = readPublicKey(text);
  if (!('pem' in key)) {
    report({ path, kind: 'bad-value', ...key });
    return undefined;
  }
  if (hash === undefined) return { pem: key.pem };
  if (hasManyHashes(key.pem)) return { pem: key.pem, hash };
  const problem = 'Means nothing for this key, whose kind has one hash';
  report({ path: ['key', 'hash'], kind: 'conflict', problem, fix: 'Remove it' });
  return undefined;
}

async function readTrustedRoot(
  { trustedRoot = 'public-good' }: AuthorityInput,
  source: ConfigSource,
  report: Report,
): Promise<TrustedRootSource | undefined> {
  if (trustedRoot === 'public-good') return trustedRoot;
  if ('tuf' in trustedRoot) return readMirror(trustedRoot.tuf, source, report);
  const path = ['trustedRoot', 'file'];
  const content = await readNamed(source, trustedRoot.file, MAX_TRUSTED_ROOT_BYTES);
  if (!('text' in content)) {
    report({ path, kind: 'file', ...content });
    return undefined;
  }
  if (isJsonObject(content.text)) return { json: content.text };
  const fix = 'Name a Sigstore trusted_root.json';
  report({ path, kind: 'bad-value', problem: 'Names a file that is not a JSON object', fix });
  return undefined;
}

async function readMirror(
  { url, root, target }: { url: string; root: string; target: string },
  source: ConfigSource,
  report: Report,
): Promise<TrustedRootSource | undefined> {
  const path = ['trustedRoot', 'tuf', 'root'];
  const content = await readNamed(source, root, MAX_TRUSTED_ROOT_BYTES);
  if (!('text' in content)) {
    report({ path, kind: 'file', ...content });
    return undefined;
  }
  if (isJsonObject(content.text)) return { tuf: { url, root: content.text, target } };
  const fix = 'Name the root.json of the TUF repository';
  report({ path, kind: 'bad-value', problem: 'Names a file that is not a JSON object', fix });
  return undefined;
}

function hasCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).ca;
  } catch {
    return false;
  }
}

function isJsonObject(text: string): boolean {
  try {
    return trustedRootSchema.safeParse(JSON.parse(text)).success;
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
  for (const [path, pattern] of patterns) {
    const problem = pattern === undefined ? undefined : await findCompileProblem(pattern);
    if (problem === undefined) continue;
    compiles = false;
    const fix = 'Write RE2 syntax: no look-around, no back-references';
    report({ path: [...path], kind: 'bad-value', problem: `Does not compile: ${problem}`, fix });
  }
  return compiles;
}
