import { createHash } from 'node:crypto';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { parseJson } from '#shared/net/json.ts';
import { readBody } from '#shared/net/read-body.ts';

/** A manifest: what registries accept at most. */
const MANIFEST_LIMIT = 4 * 1024 * 1024;

/** One layer as stored, and unpacked. Own: everything here is in memory. */
const LAYER_LIMIT = 64 * 1024 * 1024;

/** A list of tags, and a token. Own. */
const ANSWER_LIMIT = 1024 * 1024;

/** What go-containerregistry accepts; only some of it can be pulled. */
const ACCEPT = [
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.index.v1+json',
].join(',');

const tokenSchema = z.object({ token: z.string().optional(), access_token: z.string().optional() });
const tagsSchema = z.object({ tags: z.array(z.string()).nullable() });

export interface FetchedManifest {
  /** Of the bytes, as `sha256:<hex>`. */
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** Read access to one repository. */
export interface RegistryClient {
  /** A manifest by tag or digest; one by digest is checked against it. */
  manifest: (reference: string) => Promise<FetchedManifest>;
  /** A blob, checked against its digest. */
  blob: (digest: string) => Promise<Buffer>;
  /** The first page of tags, as large as the registry makes it. */
  tags: () => Promise<string[]>;
}

/**
 * A client without credentials: other auth than `none` needs Google, which a local world does not have.
 *
 * @example const registry = createRegistryClient(parseImageName(image), signal);
 */
export function createRegistryClient(
  { host, path }: Pick<ImageName, 'host' | 'path'>,
  signal: AbortSignal,
): RegistryClient {
  const repository = `${baseUrl(host)}/v2/${path}`;
  let token: string | undefined;

  async function get(place: string, accept: string, limit: number): Promise<Answer> {
    const headers = defined({ accept, authorization: token && `Bearer ${token}` });
    const response = await fetch(`${repository}/${place}`, { headers, signal });
    if (response.ok) {
      return { headers: response.headers, bytes: await readBody(response.body, limit, 'answer') };
    }
    await response.body?.cancel();
    if (response.status === 401 && token === undefined) {
      token = await askForToken(response.headers.get('www-authenticate') ?? '', signal);
      return get(place, accept, limit);
    }
    throw new Error(`GET ${repository}/${place}: ${response.status} ${response.statusText}`.trim());
  }

  return {
    async manifest(reference) {
      const { headers, bytes } = await get(`manifests/${reference}`, ACCEPT, MANIFEST_LIMIT);
      const digest = digestOf(bytes);
      if (reference.startsWith('sha256:')) checkDigest(digest, reference);
      const [mediaType = ''] = (headers.get('content-type') ?? '').split(';');
      return { digest, mediaType, bytes };
    },
    async blob(digest) {
      const { bytes } = await get(`blobs/${digest}`, '*/*', LAYER_LIMIT);
      checkDigest(digestOf(bytes), digest);
      return bytes;
    },
    async tags() {
      const { bytes } = await get('tags/list', 'application/json', ANSWER_LIMIT);
      return tagsSchema.parse(parseJson(bytes)).tags ?? [];
    },
  };
}

interface Answer {
  readonly headers: Headers;
  readonly bytes: Buffer;
}

/** Docker's token specification: a client without credentials may get a token that reads. */
async function askForToken(challenge: string, signal: AbortSignal): Promise<string> {
  const [, scheme = '', fields = ''] = /^(\w+)( .*)$/.exec(challenge) ?? [];
  const params = new Map(
    [...fields.matchAll(/[ ,](\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
  );
  const realm = params.get('realm');
  if (scheme.toLowerCase() !== 'bearer' || realm === undefined) throw new Error('401 Unauthorized');
  const url = new URL(realm);
  for (const name of ['service', 'scope']) {
    const value = params.get(name);
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`GET ${url.origin}${url.pathname}: ${response.status}`);
  const bytes = await readBody(response.body, ANSWER_LIMIT, 'answer');
  const answer = tokenSchema.parse(parseJson(bytes));
  return answer.token ?? answer.access_token ?? '';
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function checkDigest(actual: string, wanted: string): void {
  if (actual !== wanted) throw new Error(`content has digest ${actual}, not ${wanted}`);
}

/** An image as a registry client asks for it. */
interface ImageName {
  readonly host: string;
  readonly path: string;
  /** A tag, or a digest; a tag beside a digest does not count. */
  readonly reference: string;
  readonly pinned: boolean;
}

const DOCKER_HUB = 'index.docker.io';
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const TAG = /^[A-Za-z0-9_.-]{1,128}$/;
const PATH = /^[a-z0-9_./-]{2,255}$/;
const LOCAL = [
  /^localhost(:\d+)?$/,
  /^127(\.\d{1,3}){3}(:\d+)?$/,
  /^\[?::1\]?(:\d+)?$/,
  /^10(\.\d{1,3}){3}(:\d+)?$/,
  /^192\.168(\.\d{1,3}){2}(:\d+)?$/,
  /^172\.(1[6-9]|2\d|3[01])(\.\d{1,3}){2}(:\d+)?$/,
  /^[^:/]+\.local(:\d+)?$/,
];

/** Reads an image as oci-sync's library does; throws, saying why, what it refuses. */
export function parseImageName(image: string): ImageName {
  const [name = '', digest, ...more] = image.split('@');
  if (more.length > 0) throw refusal(image, 'it has more than one "@"');
  if (digest !== undefined && !DIGEST.test(digest)) throw refusal(image, 'its digest is none');
  const colon = name.lastIndexOf(':');
  const tagged = colon > name.lastIndexOf('/');
  const tag = tagged ? name.slice(colon + 1) : 'latest';
  if (!TAG.test(tag)) throw refusal(image, 'its tag is none');
  const { host, path } = splitHost(tagged ? name.slice(0, colon) : name);
  if (name === '' || !PATH.test(path)) throw refusal(image, 'its repository is none');
  return { host, path, reference: digest ?? tag, pinned: digest !== undefined };
}

/** Where a registry is asked: plain http for local ones (docs/facts/config-sync.md#pulling), https for all others. */
export function baseUrl(host: string): string {
  return `${LOCAL.some((pattern) => pattern.test(host)) ? 'http' : 'https'}://${host}`;
}

function splitHost(name: string): { host: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  if (/[.:]/.test(first)) return { host: first, path: name.slice(slash + 1) };
  return { host: DOCKER_HUB, path: slash < 0 ? `library/${name}` : name };
}

function refusal(image: string, why: string): Error {
  return new Error(`failed to parse reference "${image}": ${why}`);
}
