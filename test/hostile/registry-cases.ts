import { createHash } from 'node:crypto';
import { OCI_INDEX, OCI_MANIFEST } from '#shared/registry/media-type.ts';

/** One thing a hostile registry, or a hostile pusher in an honest one, does; and what must come of it. */
export interface RegistryCase {
  /** Number in docs/threat-model.md#attacks-on-signatures. */
  readonly number: number;
  readonly name: string;
  /** The advisory that named it first. */
  readonly advisory?: string;
  /** What the client asks for; an image is resolved, anything else is read. */
  readonly ask: 'image' | 'blob' | 'referrers';
  readonly repository?: string;
  readonly answer: (url: URL, authorization: string | null) => Response | Promise<Response>;
  /** A failure's code, or why the image is unusable. */
  readonly outcome: string;
  /** Most requests that may be made. */
  readonly requests: number;
}

export const REPOSITORY = 'registry.test/a';
/** The blob and the subject that are asked for. */
export const ASKED = hash('asked');

function hash(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function serve(body: unknown, mediaType: string = OCI_MANIFEST, headers = {}): Response {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Response(text, { headers: { 'content-type': mediaType, ...headers } });
}

function many(length: number, item: unknown): readonly unknown[] {
  return Array.from({ length }, () => item);
}

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
}

const layer = { digest: hash('layer') };
const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: layer, layers: [layer] };
const listed = { mediaType: OCI_MANIFEST, digest: ASKED, size: 1 };
const amd64 = { os: 'linux', architecture: 'amd64' };
const index = {
  schemaVersion: 2,
  mediaType: OCI_INDEX,
  manifests: [{ ...listed, platform: amd64 }],
};
const unauthorized = (realm: string): Response =>
  new Response(null, { status: 401, headers: { 'www-authenticate': `Bearer realm="${realm}"` } });

export const REGISTRY_CASES: readonly RegistryCase[] = [
  {
    number: 9,
    name: 'serves other bytes than the digest names, with a header that says otherwise',
    advisory: 'CVE-2022-47633, CVE-2023-47630, CVE-2023-33959',
    ask: 'image',
    answer: ({ pathname }) =>
      pathname.endsWith('v1')
        ? serve(index, OCI_INDEX)
        : serve(image, OCI_MANIFEST, { 'docker-content-digest': ASKED }),
    outcome: 'registry-misbehaved',
    requests: 2,
  },
  {
    number: 9,
    name: 'serves an image that is also an index',
    advisory: 'CVE-2021-41190',
    ask: 'image',
    answer: () => serve({ ...image, manifests: index.manifests }),
    outcome: 'not-an-image',
    requests: 1,
  },
  {
    number: 9,
    name: 'serves an index as an image',
    advisory: 'CVE-2021-41190',
    ask: 'image',
    answer: () => serve(index, OCI_MANIFEST),
    outcome: 'not-an-image',
    requests: 1,
  },
  {
    number: 11,
    name: 'lists referrers without end, each page naming the next',
    advisory: 'CVE-2023-33957, CVE-2023-33958',
    ask: 'referrers',
    answer: ({ pathname, searchParams }) => {
      const next = Number(searchParams.get('p') ?? 0) + 1;
      const link = { link: `<${pathname}?p=${next}>; rel="next"` };
      return serve({ schemaVersion: 2, manifests: [listed] }, OCI_INDEX, link);
    },
    outcome: '20 referrers, and more',
    requests: 20,
  },
  {
    number: 11,
    name: 'lists 20,000 referrers on one page',
    advisory: 'CVE-2023-46737, CVE-2024-29903',
    ask: 'referrers',
    answer: () => serve({ schemaVersion: 2, manifests: many(20_000, listed) }, OCI_INDEX),
    outcome: '1000 referrers, and more',
    requests: 1,
  },
  {
    number: 11,
    name: 'serves an image of 1,001 layers',
    advisory: 'CVE-2023-46737',
    ask: 'image',
    answer: () => serve({ ...image, layers: many(1_001, layer) }),
    outcome: 'not-an-image',
    requests: 1,
  },
  {
    number: 12,
    name: 'serves a blob without end',
    advisory: 'CVE-2024-29902',
    ask: 'blob',
    answer: () => new Response(endless(), { headers: { 'content-length': '5' } }),
    outcome: 'too-large',
    requests: 1,
  },
  {
    number: 12,
    name: 'serves a manifest without end',
    advisory: 'CVE-2024-29902',
    ask: 'image',
    answer: () => new Response(endless()),
    outcome: 'too-large',
    requests: 1,
  },
  {
    number: 12,
    name: 'packs its answer, unasked',
    advisory: 'CVE-2024-29902',
    ask: 'blob',
    answer: () => new Response('asked', { headers: { 'content-encoding': 'gzip' } }),
    outcome: 'registry-misbehaved',
    requests: 1,
  },
  ...[
    '{"schemaVersion":2,"layers":[],"layers":[{}]}',
    JSON.stringify({ ...image, Layers: [] }),
    JSON.stringify({ ...image, 'layer\u017F': [] }),
    JSON.stringify({ ...image, config: { digest: ASKED.toUpperCase() } }),
    JSON.stringify({ ...image, layers: [{ digest: `sha512:${'0'.repeat(128)}` }] }),
    JSON.stringify({ ...image, layers: [{ digest: ['sha256:', ASKED] }] }),
    JSON.stringify({ ...image, layers: { __proto__: null, length: 1 } }),
    `{"mediaType":"${OCI_MANIFEST}","x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
  ].map(
    (body): RegistryCase => ({
      number: 30,
      name: `serves ${body.slice(0, 60)}`,
      ask: 'image',
      answer: () => serve(body),
      outcome: 'not-an-image',
      requests: 1,
    }),
  ),
  ...([401, 403, 429, 500, 503] as const).flatMap((status) =>
    (['image', 'referrers', 'blob'] as const).map(
      (ask): RegistryCase => ({
        number: 31,
        name: `answers ${ask} with ${status}`,
        ask,
        answer: () => new Response(null, { status }),
        outcome: status < 404 ? 'registry-denied' : 'registry-unavailable',
        requests: 3,
      }),
    ),
  ),
  {
    number: 31,
    name: 'is hidden behind a page that says 404',
    ask: 'image',
    answer: () => new Response('<html>Not found</html>', { status: 404 }),
    outcome: 'registry-misbehaved',
    requests: 1,
  },
  {
    number: 35,
    name: "is the attacker's own host",
    ask: 'image',
    repository: 'evil.test/a',
    answer: () => serve(image),
    outcome: 'registry-not-allowed',
    requests: 0,
  },
  {
    number: 35,
    name: 'has a name that resembles a Google host',
    ask: 'image',
    repository: 'us-docker.pkg.dev.evil.test/a/b/c',
    answer: () => serve(image),
    outcome: 'registry-not-allowed',
    requests: 0,
  },
  {
    number: 35,
    name: "wants its token from the attacker's host",
    advisory: 'CVE-2025-27403',
    ask: 'image',
    answer: () => unauthorized('https://evil.test/token'),
    outcome: 'registry-not-allowed',
    requests: 1,
  },
  {
    number: 35,
    name: 'wants a Google token traded elsewhere',
    advisory: 'CVE-2025-27403',
    ask: 'image',
    repository: 'us-docker.pkg.dev/acme/configs/platform',
    answer: () => unauthorized('https://evil.test/token'),
    outcome: 'registry-denied',
    requests: 1,
  },
  ...['https://169.254.169.254/', 'https://[fd00:ec2::254]/', 'https://127.0.0.1/'].map(
    (location): RegistryCase => ({
      number: 35,
      name: `redirects to ${location}`,
      ask: 'blob',
      answer: () => Response.redirect(location, 307),
      outcome: 'registry-not-allowed',
      requests: 1,
    }),
  ),
];
