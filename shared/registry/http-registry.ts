import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReference, type Reference } from '#shared/core/reference.ts';
import { createAddressGuard } from './address-guard.ts';
import { createAuthorizer } from './authorizer.ts';
import type { CredentialSources } from './credential.ts';
import { failureOf, isAbsence, parseJson } from './failure.ts';
import { createGet, type Get } from './get.ts';
import type { RegistryRule } from './host-access.ts';
import { DEFAULT_LIMITS, type RegistryLimits } from './limits.ts';
import { listPages } from './list-pages.ts';
import { ACCEPT_MANIFEST, bareType } from './media-type.ts';
import { readReferrers } from './referrers.ts';
import type { BlobSource, Manifest, Referrers, Registry, TagList, TagLister } from './registry.ts';
import { createRetry } from './retry.ts';
import { tagsSchema } from './schema.ts';
import { type Answer, createSend } from './send.ts';

export interface RegistryDeps extends CredentialSources {
  readonly fetch: typeof fetch;
  readonly registries: readonly RegistryRule[];
  readonly now: () => Date;
  readonly resolveHost?: (host: string) => Promise<readonly string[]>;
  readonly limits?: Partial<RegistryLimits>;
}

interface Reader {
  readonly get: Get;
  readonly limits: RegistryLimits;
  readonly registries: readonly RegistryRule[];
  readonly now: () => Date;
}

const TAG_PAGE = 1_000;

/** The read-only OCI distribution 1.1 client: every byte counted, hashed, and from a host that is allowed. */
export function createRegistry(deps: RegistryDeps): Registry & TagLister & BlobSource {
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const send = createSend({ fetch: deps.fetch, guard: createAddressGuard(deps), limits });
  const authorizer = createAuthorizer({ ...deps, send, limits });
  const get = createGet({ ...deps, authorizer, send, retry: createRetry(limits), limits });
  const reader: Reader = { get, limits, registries: deps.registries, now: deps.now };
  return {
    manifest: (repository, reference) => readManifest(reader, repository, reference),
    blob: (repository, digest, maxBytes) => readBlob(reader, repository, digest, maxBytes),
    referrers: (repository, digest) => readReferrersOf(reader, repository, digest),
    open: (repository, digest, signal) => openBlob(reader, repository, digest, signal),
    tags: (repository) => readTags(reader, repository),
  };
}

async function readManifest(
  { get, limits, now }: Reader,
  repository: string,
  wanted: string,
): Promise<Manifest | undefined> {
  const { host, path, tag, digest } = targetOf(repository, wanted);
  const resource = `manifests/${digest ?? tag}`;
  const name = `Manifest ${repository}${digest ? '@' : ':'}${wanted}`;
  const maxBytes = limits.manifestBytes;
  const answer = await get({ host, path, resource, accept: ACCEPT_MANIFEST, maxBytes });
  if (!present(answer, name, now())) return undefined;
  const hashed = digestOf(answer.bytes);
  if (digest !== undefined && digest !== hashed) throw misbehaved(name, `is ${hashed}`);
  const body = z
    .object({ mediaType: z.unknown().optional() })
    .safeParse(parseJson(answer.bytes)).data;
  if (body === undefined) throw misbehaved(name, 'is not a JSON object');
  const contentType = answer.headers.get('content-type') ?? '';
  return {
    digest: hashed,
    mediaType: typeof body.mediaType === 'string' ? body.mediaType : bareType(contentType),
    bytes: answer.bytes,
    date: dateOf(answer, now()),
    contentType,
  };
}

async function readBlob(
  { get, now }: Reader,
  repository: string,
  digest: Digest,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const { host, path } = targetOf(repository, digest);
  const name = `Blob ${repository}@${digest}`;
  const answer = await get({ host, path, resource: `blobs/${digest}`, accept: '*/*', maxBytes });
  if (!present(answer, name, now())) return undefined;
  const hashed = digestOf(answer.bytes);
  if (digest !== hashed) throw misbehaved(name, `is ${hashed}`);
  return answer.bytes;
}

async function openBlob(
  { get, now }: Reader,
  repository: string,
  digest: Digest,
  unread: AbortSignal,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const { host, path } = targetOf(repository, digest);
  const resource = `blobs/${digest}`;
  const answer = await get({ host, path, resource, accept: '*/*', maxBytes: 0, unread });
  return present(answer, `Blob ${repository}@${digest}`, now()) ? answer.body : undefined;
}

async function readReferrersOf(
  reader: Reader,
  repository: string,
  digest: Digest,
): Promise<Referrers | undefined> {
  const { host, path } = targetOf(repository, digest);
  const rule = reader.registries.find((candidate) => candidate.host === host);
  if (rule?.referrers === 'tag') return undefined;
  const resource = `referrers/${digest}`;
  const request = { host, path, resource, maxBytes: reader.limits.manifestBytes };
  return readReferrers(reader, request, `Referrers of ${repository}@${digest}`);
}

async function readTags(reader: Reader, repository: string): Promise<TagList> {
  const { host, path } = targetOf(repository, 'latest');
  const resource = `tags/list?n=${TAG_PAGE}`;
  const name = `Tags of ${repository}`;
  const maxBytes = reader.limits.manifestBytes;
  const request = { host, path, resource, accept: 'application/json', maxBytes };
  const { entries, complete } = await listPages(reader, request, (answer) => {
    if (!present(answer, name, reader.now())) return undefined;
    const { success, data } = tagsSchema.safeParse(parseJson(answer.bytes));
    if (!success) throw misbehaved(name, 'are not a list of tags');
    return data.tags ?? [];
  });
  return { tags: entries ?? [], complete };
}

function targetOf(repository: string, wanted: string): Reference {
  const byDigest = isDigest(wanted);
  const target = parseReference(`${repository}${byDigest ? '@' : ':'}${wanted}`);
  if (byDigest ? target.tag === undefined : target.tag === wanted && !target.digest) return target;
  throw new CountersignError(
    'bad-reference',
    `Repository ${JSON.stringify(repository)} and ${JSON.stringify(wanted)} are not a repository and a tag or digest`,
  );
}

function present(answer: Answer, name: string, now: Date): boolean {
  if (answer.status === 200) return true;
  if (isAbsence(answer)) return false;
  throw failureOf(answer, name, now);
}

function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The registry's clock; ours where it has none (RFC 9110, section 6.6.1, allows that). */
function dateOf(answer: Answer, now: Date): string {
  const date = new Date(answer.headers.get('date') ?? Number.NaN);
  const known = Number.isNaN(date.getTime()) ? now : date;
  return known.toISOString().replace(/\.\d+Z$/, 'Z');
}

function misbehaved(name: string, what: string): CountersignError {
  return new CountersignError('registry-misbehaved', `${name} ${what}`);
}
