import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReference, type Reference } from '#shared/core/reference.ts';
import { parseJson } from '#shared/net/json.ts';
import { createAuthorizer } from './authorizer.ts';
import type { CredentialSources } from './credential.ts';
import { createGet, type GetRequest } from './get.ts';
import { createAddressGuard, type RegistryRule } from './host-access.ts';
import { DEFAULT_LIMITS, type RegistryLimits } from './limits.ts';
import { listPages } from './list-pages.ts';
import { ACCEPT_MANIFEST, bareType } from './media-type.ts';
import { readReferrers } from './referrers.ts';
import type { BlobSource, Registry, TagLister } from './registry.ts';
import { type Answer, createSend, failureOf, isAbsence, misbehaved } from './send.ts';

export interface RegistryDeps extends CredentialSources {
  readonly fetch: typeof fetch;
  readonly registries: readonly RegistryRule[];
  readonly now: () => Date;
  readonly resolveHost?: (host: string) => Promise<readonly string[]>;
  readonly limits?: Partial<RegistryLimits>;
}

const TAG_PAGE = 1_000;

/** As much of a manifest as is read here. */
const bodySchema = z.object({ mediaType: z.unknown().optional() });

const tagsSchema = z.object({ tags: z.array(z.string()).nullish() });

/**
 * The read-only OCI distribution 1.1 client: every byte counted, hashed, and from a host that is allowed.
 *
 * @example
 * const registry = createRegistry({ fetch, registries: config.registries, googleToken, now });
 * const manifest = await registry.manifest('us-docker.pkg.dev/acme/configs/platform', 'v1');
 */
export function createRegistry(deps: RegistryDeps): Registry & TagLister & BlobSource {
  const { now, registries } = deps;
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const send = createSend({ fetch: deps.fetch, guard: createAddressGuard(deps), limits });
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
      const { host, path } = targetOf(repository, 'latest');
      const resource = `tags/list?n=${TAG_PAGE}`;
      const name = `Tags of ${repository}`;
      const first = { host, path, resource, accept: 'application/json', maxBytes };
      const { entries, complete } = await listPages({ get, limits }, first, (answer) => {
        if (present(answer, name) === undefined) return undefined;
        const { success, data } = tagsSchema.safeParse(parseJson(answer.bytes));
        if (!success) throw misbehaved(name, 'are not a list of tags');
        return data.tags ?? [];
      });
      return { tags: entries ?? [], complete };
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
