import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReference, type Reference } from '#shared/core/reference.ts';
import { parseJson } from '#shared/net/json.ts';
import { createPauses, type Pauses } from '#shared/net/pauses.ts';
import { createAuthorizer } from './authorizer.ts';
import type { CredentialSources } from './credential.ts';
import { createGet, type GetRequest, listPages, type PagesDeps, walkPages } from './get.ts';
import { createAddressGuard, type RegistryRule } from './host-access.ts';
import { DEFAULT_LIMITS, type RegistryLimits } from './limits.ts';
import { ACCEPT_MANIFEST, bareType, OCI_INDEX } from './media-type.ts';
import type {
  BlobSource,
  Descriptor,
  Referrers,
  Registry,
  TagLister,
  TagPages,
} from './registry.ts';
import {
  type Answer,
  createSend,
  failureOf,
  isAbsence,
  misbehaved,
  type RegistryFetch,
} from './send.ts';
import { defined } from '#shared/core/defined.ts';

export interface RegistryDeps extends CredentialSources {
  readonly fetch: RegistryFetch;
  readonly registries: readonly RegistryRule[];
  readonly now: () => Date;
  readonly resolveHost?: (host: string) => Promise<readonly string[]>;
  readonly limits?: Partial<RegistryLimits>;
  /** Hosts to be left alone, as this process and others know them; absent: as this registry alone does. */
  readonly pauses?: Pauses;
}

const TAG_PAGE = 1_000;

/** As much of a manifest as is read here. */
const bodySchema = z.lazy(() => z.object({ mediaType: z.unknown().optional() }));

const tagsSchema = z.lazy(() => z.object({ tags: z.array(z.string()).nullish() }));

/**
 * The read-only OCI distribution 1.1 client: every byte counted, hashed, and from a host that is allowed.
 *
 * @example
 * const registry = createRegistry({ fetch, registries: config.registries, googleToken, now });
 * const manifest = await registry.manifest('us-docker.pkg.dev/acme/configs/platform', 'v1');
 */
export function createRegistry(deps: RegistryDeps): Registry & TagLister & TagPages & BlobSource {
  const { now, registries } = deps;
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const pauses = deps.pauses ?? createPauses({ now: () => now().getTime() });
  const guard = createAddressGuard(deps);
  const send = createSend({ fetch: deps.fetch, guard, limits, pauses, now });
  const authorizer = createAuthorizer({ ...deps, send, limits });
  const get = createGet({ ...deps, authorizer, send, limits });
  const maxBytes = limits.manifestBytes;

  /** The answer; undefined where the registry says that there is no such thing. */
  function present(answer: Answer, name: string): Answer | undefined {
    if (answer.status === 200) return answer;
    if (isAbsence(answer)) return undefined;
    throw failureOf(answer, name, now());
  }

  async function getBlob(
    repository: string,
    digest: Digest,
    request: Pick<GetRequest, 'maxBytes' | 'unread'>,
  ): Promise<Answer | undefined> {
    const { host, path } = targetOf(repository, digest);
    const blob = { host, path, resource: `blobs/${digest}`, accept: '*/*' };
    return present(await get({ ...blob, ...request }), `Blob ${repository}@${digest}`);
  }

  function tagRequest(repository: string): GetRequest {
    const { host, path } = targetOf(repository, 'latest');
    const resource = `tags/list?n=${TAG_PAGE}`;
    return { host, path, resource, accept: 'application/json', maxBytes };
  }

  function tagsIn(answer: Answer, repository: string): readonly string[] | undefined {
    const name = `Tags of ${repository}`;
    if (present(answer, name) === undefined) return undefined;
    const { success, data } = tagsSchema.safeParse(parseJson(answer.bytes));
    if (!success) throw misbehaved(name, 'are not a list of tags');
    return data.tags ?? [];
  }

  return {
    async manifest(repository, wanted) {
      const { host, path, tag, digest } = targetOf(repository, wanted);
      const resource = `manifests/${digest ?? tag}`;
      const name = `Manifest ${repository}${digest ? '@' : ':'}${wanted}`;
      const request = { host, path, resource, accept: ACCEPT_MANIFEST, maxBytes };
      const answer = present(await get(request), name);
      if (answer === undefined) return undefined;
      const { bytes, headers } = answer;
      const hashed = digestOf(bytes);
      if (digest !== undefined && digest !== hashed) throw misbehaved(name, `is ${hashed}`);
      const body = bodySchema.safeParse(parseJson(bytes)).data;
      if (body === undefined) throw misbehaved(name, 'is not a JSON object');
      const contentType = headers.get('content-type') ?? '';
      const mediaType = typeof body.mediaType === 'string' ? body.mediaType : bareType(contentType);
      return { digest: hashed, mediaType, bytes, date: dateOf(headers, now()), contentType };
    },
    async blob(repository, digest, limit) {
      const bytes = (await getBlob(repository, digest, { maxBytes: limit }))?.bytes;
      if (bytes === undefined) return undefined;
      const hashed = digestOf(bytes);
      if (digest !== hashed) throw misbehaved(`Blob ${repository}@${digest}`, `is ${hashed}`);
      return bytes;
    },
    async open(repository, digest, unread) {
      return (await getBlob(repository, digest, { maxBytes: 0, unread }))?.body;
    },
    async referrers(repository, digest) {
      const { host, path } = targetOf(repository, digest);
      const rule = registries.find((candidate) => candidate.host === host);
      if (rule?.referrers === 'tag') return undefined;
      const request = { host, path, resource: `referrers/${digest}`, maxBytes };
      return readReferrers({ get, limits, now }, request, `Referrers of ${repository}@${digest}`);
    },
    async tags(repository) {
      const { entries, complete } = await listPages(
        { get, limits },
        tagRequest(repository),
        (answer) => tagsIn(answer, repository),
      );
      return { tags: entries ?? [], complete };
    },
    async eachTagPage(repository, take) {
      const paged = { get, limits: { pages: limits.tagPages } };
      const { complete } = await walkPages(paged, tagRequest(repository), (answer) => {
        const tags = tagsIn(answer, repository);
        if (tags === undefined) return 'absent';
        take(tags.map((tag) => ({ tag })));
        return 'more';
      });
      return { complete };
    },
  };
}

function targetOf(repository: string, wanted: string): Reference {
  const byDigest = isDigest(wanted);
  const target = parseReference(`${repository}${byDigest ? '@' : ':'}${wanted}`);
  if (byDigest ? target.tag === undefined : target.tag === wanted && !target.digest) return target;
  const message = `Repository ${JSON.stringify(repository)} and ${JSON.stringify(wanted)} are not a repository and a tag or digest`;
  throw new CountersignError('bad-reference', message);
}

function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The registry's clock; ours where it has none (RFC 9110, section 6.6.1, allows that). */
function dateOf(headers: Headers, now: Date): string {
  const date = new Date(headers.get('date') ?? Number.NaN);
  const known = Number.isNaN(date.getTime()) ? now : date;
  return known.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A descriptor in a list of referrers; of another digest algorithm it may be, too. */
const referrerSchema = z.lazy(() =>
  z.object({
    mediaType: z.string(),
    digest: z.string(),
    size: z.number().int().nonnegative(),
    artifactType: z.string().nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
);

/** A list of referrers; its entries are read one by one, so that a broken one hides no other. */
const referrersSchema = z.lazy(() => z.object({ manifests: z.array(z.unknown()).nullish() }));

interface ReferrersDeps extends PagesDeps {
  readonly now: () => Date;
}

/**
 * What registries without the referrers API answer for its path, besides 404: they do not know the path (400, 405, 410,
 * 422, 501), or do not serve what is accepted (406, 415), or have nothing to say (204). go-containerregistry takes 400,
 * 404 and 406 so (`pkg/v1/remote/referrers.go`); the others were seen at Artifactory, Nexus, and older Harbor and Quay.
 */
const NO_SUCH_API: readonly number[] = [204, 400, 405, 406, 410, 415, 422, 501];
const WAY_OUT =
  'if this registry has no referrers API, set "referrers: tag" in its entry of "registries"';

/**
 * Reads a list of referrers to its end. `request` names the first page, and `name` the list, for messages. Undefined
 * where the registry has no such API: then the fallback tag says what there is (OCI distribution 1.1, "Unavailable
 * Referrers API"). So an attacker who can make the API answer oddly can hide signatures, which approves nothing, and no
 * more. Throws `registry-denied`, `registry-unavailable` and `registry-misbehaved`, each with the way out.
 */
async function readReferrers(
  deps: ReferrersDeps,
  request: Pick<GetRequest, 'host' | 'path' | 'resource' | 'maxBytes'>,
  name: string,
): Promise<Referrers | undefined> {
  const first = { ...request, accept: OCI_INDEX, isAnswer: isNoSuchApi, dead: 'answer' } as const;
  const seen = new Set<string>();
  try {
    const { entries, complete } = await listPages(deps, first, (answer, page, { resource }) => {
      if (seen.has(resource)) throw misbehaved(name, `begin anew on page ${page + 1}`);
      seen.add(resource);
      const found = readPage(answer, name);
      // An API that has answered exists: a later page that does not is a list that breaks off.
      if (found === undefined && page > 0) {
        if (answer.status !== 200)
          throw failureOf(answer, `Page ${page + 1} of ${name}`, deps.now());
        throw misbehaved(name, `break off at page ${page + 1}`);
      }
      return found;
    });
    if (entries === undefined) return undefined;
    const descriptors = entries.flatMap((entry) => readDescriptor(entry) ?? []);
    return { descriptors, complete, unreadable: entries.length - descriptors.length };
  } catch (error) {
    throw withWayOut(error);
  }
}

function isNoSuchApi(answer: Answer): boolean {
  const { status, foreign, dead } = answer;
  const isStray = dead === true && status >= 300 && status < 400;
  // What another host says after a redirect is a page for people: a login, most often.
  const isPage = foreign && status >= 400 && status < 500 && status !== 408 && status !== 429;
  return isStray || isPage || NO_SUCH_API.includes(status);
}

/** The entries of one page; undefined where the answer is none. Throws for an index that cannot be read. */
function readPage(answer: Answer, name: string): readonly unknown[] | undefined {
  const { status, bytes, headers, dead } = answer;
  if (status !== 200) return undefined;
  const saysIndex = bareType(headers.get('content-type') ?? '') === OCI_INDEX;
  if (dead === true) {
    if (saysIndex) throw misbehaved(name, 'are compressed, unasked');
    return undefined;
  }
  // A list is read whatever type it is served as: some registries call it JSON.
  const { success, data } = referrersSchema.safeParse(parseJson(bytes));
  if (data?.manifests !== undefined) return data.manifests ?? [];
  const isEmpty = bytes.length === 0 || success;
  if (saysIndex && !isEmpty) throw misbehaved(name, 'are not an image index');
  return undefined;
}

/** Undefined for what cannot be one; other digest algorithms are legal, and cannot be fetched by a `Digest`. */
function readDescriptor(entry: unknown): Descriptor | undefined {
  const { success, data } = referrerSchema.safeParse(entry);
  if (!success || !isDigest(data.digest)) return undefined;
  const { mediaType, digest, size, artifactType, annotations } = data;
  return defined({
    mediaType,
    digest,
    size,
    artifactType: artifactType ?? undefined,
    flawed: artifactType === null ? (true as const) : undefined,
    annotations: annotations ?? undefined,
  });
}

const ODD: readonly string[] = ['registry-denied', 'registry-unavailable', 'registry-misbehaved'];

function withWayOut(error: unknown): unknown {
  if (!(error instanceof CountersignError) || !ODD.includes(error.code)) return error;
  const { code, message, retry, retryAfterMs, cause } = error;
  return new CountersignError(
    code,
    `${message}; ${WAY_OUT}`,
    defined({ retry, cause, retryAfterMs }),
  );
}
