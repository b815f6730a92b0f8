import { type Digest, isDigest } from './digest.ts';
import { CountersignError } from './errors.ts';
import { cutText } from './foreign-text.ts';
import { showAddress } from './url-secrets.ts';

/**
 * An image reference, normalised so that two spellings of one image compare equal: lower-case host, default port
 * dropped, Docker Hub's short names written out, tag `latest` where there is neither tag nor digest.
 */
export interface Reference {
  /** `host[:port]` as dialled. */
  readonly host: string;
  readonly path: string;
  /** `host/path`: what the config's `match` is compared with, and what events and receipts name. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const MAX_REFERENCE = 1024;
/** Of a text that is no reference, in what is said of it. */
const MAX_SHOWN = 200;
const MAX_PATH = 255;
const DOCKER_HUB = 'index.docker.io';
const HOST =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::[0-9]{1,5})?$/;
const IPV6_HOST = /^\[[0-9a-f:]+\](?::[0-9]{1,5})?$/;
// OCI distribution 1.1, "Pulling manifests": <name> and <reference> grammars.
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
/** What a tag may be: a range of versions is none. */
export const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * Parses a reference the way Config Sync's library does (go-containerregistry `name.ParseReference`): the first
 * segment is a host when it has a dot or a colon, so that `localhost/img` is Docker Hub's; a tag beside a digest is kept
 * but does not resolve. `e2e/reference-go` has the differences. Throws `bad-reference`.
 */
export function parseReference(text: string): Reference {
  if (text.length > MAX_REFERENCE)
    throw invalid(text, `is longer than ${MAX_REFERENCE} characters`);
  const [name = '', digest, ...more] = text.split('@');
  if (more.length > 0) throw invalid(text, 'has more than one "@"');
  if (digest !== undefined && !isDigest(digest)) {
    throw invalid(text, 'needs "sha256:" and 64 lower-case hex digits after "@"');
  }
  const { base, tag } = splitTag(name);
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, 'has an invalid tag');
  const { host, path } = splitHost(base);
  if (!HOST.test(host) && !IPV6_HOST.test(host)) throw invalid(text, 'has an invalid host');
  if (path.length > MAX_PATH || !PATH.test(path)) throw invalid(text, 'has an invalid path');
  const shared = { host, path, repository: `${host}/${path}` };
  if (digest !== undefined)
    return tag === undefined ? { ...shared, digest } : { ...shared, tag, digest };
  return { ...shared, tag: tag ?? 'latest' };
}

/** What `parseReference` reads; undefined for what is no reference. */
export function tryReference(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

/** `host/path:tag`, `host/path@digest` or both, in normal form. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.repository}${tag}${digest}`;
}

function splitTag(name: string): { base: string; tag?: string } {
  const colon = name.lastIndexOf(':');
  if (colon < 0 || name.indexOf('/', colon) >= 0) return { base: name };
  return { base: name.slice(0, colon), tag: name.slice(colon + 1) };
}

function splitHost(base: string): { host: string; path: string } {
  const slash = base.indexOf('/');
  const first = slash < 0 ? '' : base.slice(0, slash);
  if (!/[.:]/.test(first)) {
    return { host: DOCKER_HUB, path: base.includes('/') ? base : `library/${base}` };
  }
  const host = normaliseHost(first);
  const path = base.slice(slash + 1);
  return { host, path: host === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path };
}

/** `:443` is what an https client dials anyway: `HOST:443/…` must not escape a rule written for `HOST/…`. */
function normaliseHost(written: string): string {
  const host = written.toLowerCase().replace(/:0*443$/, '');
  return host === 'docker.io' || host === 'registry-1.docker.io' ? DOCKER_HUB : host;
}

function invalid(text: string, problem: string): CountersignError {
  const clean = showAddress(text);
  const shown = clean.length > MAX_SHOWN ? `${cutText(clean, MAX_SHOWN)}…` : clean;
  return new CountersignError(
    'bad-reference',
    `Image reference ${JSON.stringify(shown)} ${problem}`,
  );
}
