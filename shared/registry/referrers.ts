import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseJson } from '#shared/net/json.ts';
import type { GetRequest } from './get.ts';
import { listPages, type PagesDeps } from './list-pages.ts';
import { bareType, OCI_INDEX } from './media-type.ts';
import type { Descriptor, Referrers } from './registry.ts';
import { type Answer, failureOf, misbehaved } from './send.ts';

/** A descriptor in a list of referrers; of another digest algorithm it may be, too. */
const referrerSchema = z.object({
  mediaType: z.string(),
  digest: z.string(),
  size: z.number().int().nonnegative(),
  artifactType: z.string().nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
});

/** A list of referrers; its entries are read one by one, so that a broken one hides no other. */
const referrersSchema = z.object({ manifests: z.array(z.unknown()).nullish() });

export interface ReferrersDeps extends PagesDeps {
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
export async function readReferrers(
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
