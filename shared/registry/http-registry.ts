import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReference, type Reference } from '#shared/core/reference.ts';
import { createAddressGuard } from './address-guard.ts';
import { createAuthorizer } from './authorizer.ts';
import type { CredentialSources } from './credential.ts';
import { failureOf, isAbsence, parseJson } from './failure.ts';
import { createGet, type Get, type GetRequest } from './get.ts';
import type { RegistryRule } from './host-access.ts';
import { DEFAULT_LIMITS, type RegistryLimits } from './limits.ts';
import { ACCEPT_MANIFEST, OCI_INDEX } from './media-type.ts';
import { nextPage } from './next-page.ts';
import type { Descriptor, Manifest, Registry, TagList, TagLister } from './registry.ts';
import { createRetry } from './retry.ts';
import { referrersSchema, tagsSchema } from './schema.ts';
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
  readonly now: () => Date;
}

const TAG_PAGE = 1_000;

/** The read-only OCI distribution 1.1 client: every byte counted, hashed, and from a host that is allowed. */
export function createRegistry(deps: RegistryDeps): Registry & TagLister {
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const send = createSend({ fetch: deps.fetch, guard: createAddressGuard(deps), limits });
  const authorizer = createAuthorizer({ ...deps, send, limits });
  const get = createGet({ ...deps, authorizer, send, retry: createRetry(limits), limits });
  const reader: Reader = { get, limits, now: deps.now };
  return {
    manifest: (repository, reference) => readManifest(reader, repository, reference),
    blob: (repository, digest, maxBytes) => readBlob(reader, repository, digest, maxBytes),
    referrers: (repository, digest) => readReferrers(reader, repository, digest),
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

async function readReferrers(
  reader: Reader,
  repository: string,
  digest: Digest,
): Promise<readonly Descriptor[] | undefined> {
  const { host, path } = targetOf(repository, digest);
  const resource = `referrers/${digest}`;
  const name = `Referrers of ${repository}@${digest}`;
  const maxBytes = reader.limits.manifestBytes;
  const request = { host, path, resource, accept: OCI_INDEX, maxBytes };
  const { pages } = await readPages(reader, request, (answer) => {
    // Before 1.1 there is no such route: a 404 of any form is "no such API".
    if (answer.status === 404) return undefined;
    const { success, data } = referrersSchema.safeParse(parseJson(answer.bytes));
    if (!success) throw misbehaved(name, 'are not an image index');
    return data.manifests ?? [];
  });
  // Other algorithms are legal in OCI; what they name cannot be fetched by a `Digest`.
  return pages?.flatMap(({ digest: target, artifactType, annotations, mediaType, size }) =>
    isDigest(target)
      ? {
          mediaType,
          digest: target,
          size,
          ...(artifactType === undefined ? {} : { artifactType }),
          ...(annotations ? { annotations } : {}),
        }
      : [],
  );
}

async function readTags(reader: Reader, repository: string): Promise<TagList> {
  const { host, path } = targetOf(repository, 'latest');
  const resource = `tags/list?n=${TAG_PAGE}`;
  const name = `Tags of ${repository}`;
  const maxBytes = reader.limits.manifestBytes;
  const request = { host, path, resource, accept: 'application/json', maxBytes };
  const { pages, complete } = await readPages(reader, request, (answer) => {
    if (!present(answer, name, reader.now())) return undefined;
    const { success, data } = tagsSchema.safeParse(parseJson(answer.bytes));
    if (!success) throw misbehaved(name, 'are not a list of tags');
    return data.tags ?? [];
  });
  return { tags: pages ?? [], complete };
}

/** Everything that `read` finds on the pages, up to the limits; `pages` is undefined where the first is absent. */
async function readPages<T>(
  { get, limits }: Reader,
  first: GetRequest,
  read: (answer: Answer) => readonly T[] | undefined,
): Promise<{ readonly pages: readonly T[] | undefined; readonly complete: boolean }> {
  const found: T[] = [];
  let request: GetRequest | undefined = first;
  for (let page = 0; request !== undefined; page += 1) {
    if (page === limits.pages || found.length >= limits.entries) break;
    const answer: Answer = await get(request);
    const entries = read(answer);
    if (entries === undefined) {
      return page === 0 ? { pages: undefined, complete: true } : { pages: found, complete: false };
    }
    found.push(...entries);
    request = nextPage(request, answer.headers.get('link'));
  }
  const complete = request === undefined && found.length <= limits.entries;
  return { pages: found.slice(0, limits.entries), complete };
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

function bareType(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
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
