import { OCI_INDEX, OCI_MANIFEST } from '#shared/registry/media-type.ts';
import { bundleOf, createSigningKey, putBundle, statementOf } from '#test/fakes/cosign.ts';
import { createMemoryRegistry, digestOf } from '#test/fakes/memory-registry.ts';

/** One page of an answer: page n is asked for by `?page=n`. In a body or header, `{path}` is the path that was asked for. */
export interface Page {
  readonly status: number;
  readonly type?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What of a registry is odd; the rest of it is honest. `token`: it wants a token for everything. */
export type Endpoint = 'referrers' | 'sig' | 'fallback' | 'manifest' | 'blob' | 'tags' | 'token';

/** How the image is signed: under `.sig`, by a bundle under the fallback tag, or not at all. */
export const SIGNED = ['legacy', 'fallback', 'nothing'] as const;

/** One odd way to answer, and what must come of it: a verdict, the reason of a refusal, or the code of a failure. */
export interface OddAnswers {
  /** Who answers so, and what. */
  readonly name: string;
  readonly odd: Partial<Record<Endpoint, readonly Page[]>>;
  readonly expected: Readonly<Record<(typeof SIGNED)[number], string>>;
}

export const REPOSITORY = 'registry.test/configs/platform';
export const IMAGE = digestOf(Buffer.from('image'));
export const key = createSigningKey();

const content = createMemoryRegistry();
const bundle = bundleOf(statementOf(IMAGE), key);
/** A good bundle of the image, that its registry has in any case: whether it is listed is what differs. */
export const good = putBundle(content, REPOSITORY, IMAGE, bundle);
const gone = { mediaType: OCI_MANIFEST, digest: digestOf(Buffer.from('gone')), size: 3 };
const sbom = { ...gone, artifactType: 'application/spdx+json' };

const HTML = '<!doctype html><html><body>Sign in</body></html>';
const html = (status: number, headers = {}): Page => ({
  status,
  type: 'text/html',
  body: HTML,
  headers,
});
const oci = (status: number, code: string): Page => ({
  status,
  type: 'application/json',
  body: { errors: [{ code, message: code.toLowerCase() }] },
});
const index = (manifests: unknown, headers = {}): Page => ({
  status: 200,
  type: OCI_INDEX,
  body: { schemaVersion: 2, mediaType: OCI_INDEX, manifests },
  headers,
});
const next = (page: number): object => ({ link: `<{path}?page=${page}>; rel="next"` });

const NO_API = { legacy: 'verified', fallback: 'verified', nothing: 'unsigned' };
const VERIFIED = { legacy: 'verified', fallback: 'verified', nothing: 'verified' };
const signedElse = (expected: string): OddAnswers['expected'] => ({ ...NO_API, nothing: expected });
const always = (code: string): OddAnswers['expected'] => ({
  legacy: code,
  fallback: code,
  nothing: code,
});

/** What a registry without the API answers for its path. */
const WITHOUT_API: readonly (readonly [string, Page])[] = [
  ['Debian docker-registry: 404 in plain text', { status: 404, body: '404 page not found\n' }],
  ['Artifact Registry before the API: 404, OCI', oci(404, 'NOT_FOUND')],
  ['GitHub: 404 in HTML', html(404)],
  ['404 without a body', { status: 404 }],
  ['404 in JSON of its own', { status: 404, type: 'application/json', body: { message: 'no' } }],
  ['Artifactory: 400, OCI', oci(400, 'UNSUPPORTED')],
  ['400 in HTML', html(400)],
  ['204', { status: 204 }],
  ['Quay: 405, OCI', oci(405, 'UNSUPPORTED')],
  ['405 without a body', { status: 405, headers: { allow: 'HEAD' } }],
  ['Harbor: 406', { status: 406, type: 'text/plain', body: 'Not Acceptable' }],
  ['410', html(410)],
  ['415', { status: 415 }],
  ['422', oci(422, 'DIGEST_INVALID')],
  ['Nexus: 501', { status: 501, body: 'Not Implemented' }],
  ['501, OCI', oci(501, 'UNSUPPORTED')],
  ['200 in HTML', html(200)],
  ['200 in HTML, compressed unasked', html(200, { 'content-encoding': 'gzip' })],
  ['200 in HTML that says it is JSON', { status: 200, type: 'application/json', body: HTML }],
  ['200 without a body', { status: 200 }],
  ['200 without a body, as an index', { status: 200, type: OCI_INDEX }],
  ['200 with {}', { status: 200, type: 'application/json', body: {} }],
  ['200 with {}, as an index', { status: 200, type: OCI_INDEX, body: {} }],
  ['200 with null', { status: 200, type: 'application/json', body: 'null' }],
  ['200 with a list', { status: 200, type: 'application/json', body: [] }],
  ['200 with an error document', { ...oci(404, 'UNSUPPORTED'), status: 200 }],
  [
    '200 with the image',
    { status: 200, type: OCI_MANIFEST, body: { schemaVersion: 2, layers: [] } },
  ],
  [
    '200 with no index in JSON',
    { status: 200, type: 'application/json', body: { manifests: 'x' } },
  ],
  ...[301, 302, 303, 307, 308].map((status): readonly [string, Page] => [
    `${status} to a web page`,
    { status, headers: { location: 'https://login.test/page' } },
  ]),
  [
    '302 to a page that is denied',
    { status: 302, headers: { location: 'https://login.test/403' } },
  ],
  ['302 to a page over http', { status: 302, headers: { location: 'http://login.test/page' } }],
  ['302 to a page at home', { status: 302, headers: { location: '/ui/login' } }],
  ['302 to a private address', { status: 302, headers: { location: 'https://10.0.0.1/' } }],
  ['302 to itself', { status: 302, headers: { location: '{path}' } }],
  ['302 to nowhere', { status: 302 }],
];

/** What says nothing of whether there is an API. */
const FAILING: readonly (readonly [string, Page, string])[] = [
  ['401 that no token mends', { status: 401 }, 'registry-denied'],
  ['401, OCI', oci(401, 'UNAUTHORIZED'), 'registry-denied'],
  ['403', html(403), 'registry-denied'],
  ['403, OCI', oci(403, 'DENIED'), 'registry-denied'],
  ['408', { status: 408 }, 'registry-unavailable'],
  ['409', { status: 409 }, 'registry-misbehaved'],
  ['429', oci(429, 'TOOMANYREQUESTS'), 'registry-unavailable'],
  ['500', html(500), 'registry-unavailable'],
  ['502', html(502), 'registry-unavailable'],
  ['503, compressed unasked', html(503, { 'content-encoding': 'gzip' }), 'registry-unavailable'],
  [
    '503 where a redirect leads',
    { status: 302, headers: { location: '/503' } },
    'registry-unavailable',
  ],
  ['504', { status: 504 }, 'registry-unavailable'],
  [
    'an index that is cut off',
    { status: 200, type: OCI_INDEX, body: '{"schemaVersion":2,"manifests":[' },
    'registry-misbehaved',
  ],
  ['an index of no list', index({}), 'registry-misbehaved'],
  [
    'an index, compressed unasked',
    { ...index([]), headers: { 'content-encoding': 'gzip' } },
    'registry-misbehaved',
  ],
];

/** Lists that are not read to their end. */
const PAGES: readonly (readonly [string, readonly Page[], OddAnswers['expected']])[] = [
  ['a second page with the bundle', [index([sbom], next(2)), index([good])], VERIFIED],
  ['a second page with none', [index([sbom], next(2)), index([])], NO_API],
  [
    'a second page among other links',
    [
      index([], { link: '</v2/>; rel="up", <{path}?page=2>; title="a, b"; rel=next' }),
      index([good]),
    ],
    VERIFIED,
  ],
  [
    'a link with a parameter of no value',
    [index([], { link: '<https://cdn.test>; rel=preconnect; crossorigin' })],
    NO_API,
  ],
  ['another link alone', [index([], { link: '<{path}?page=9>; rel="last"' })], NO_API],
  ['no second page', [index([], next(2)), oci(404, 'NOT_FOUND')], always('registry-misbehaved')],
  ['no second page, in HTML', [index([good], next(2)), html(404)], always('registry-misbehaved')],
  ['a second page of 400', [index([], next(2)), oci(400, 'X')], always('registry-misbehaved')],
  ['a second page of 403', [index([], next(2)), html(403)], always('registry-denied')],
  ['a second page of 501', [index([], next(2)), { status: 501 }], always('registry-unavailable')],
  ['a second page of 503', [index([], next(2)), html(503)], always('registry-unavailable')],
  ['a second page in HTML', [index([], next(2)), html(200)], always('registry-misbehaved')],
  [
    'a second page that is empty',
    [index([], next(2)), { status: 200, type: OCI_INDEX }],
    always('registry-misbehaved'),
  ],
  [
    'a second page that leads to a web page',
    [index([], next(2)), { status: 302, headers: { location: 'https://login.test/page' } }],
    always('registry-misbehaved'),
  ],
  ['a page that leads to itself', [index([], next(1))], always('registry-misbehaved')],
  [
    'pages that lead in a circle',
    [index([], next(2)), index([], next(3)), index([], next(2))],
    always('registry-misbehaved'),
  ],
  [
    'a page at another host',
    [index([], { link: '<https://evil.test{path}?page=2>; rel="next"' })],
    always('registry-misbehaved'),
  ],
  [
    'a page of another image',
    [index([], { link: '</v2/other/referrers/x?page=2>; rel="next"' })],
    always('registry-misbehaved'),
  ],
  [
    'two next pages',
    [index([], { link: '<?page=2>; rel=next, <?page=3>; rel=next' })],
    always('registry-misbehaved'),
  ],
  [
    'a link of no relation',
    [index([], { link: '<{path}?page=2>' })],
    always('registry-misbehaved'),
  ],
  ['a link that is none', [index([], { link: 'page 2' })], always('registry-misbehaved')],
  [
    'more pages than are read',
    Array.from({ length: 30 }, (_, at) => index([], next(at + 2))),
    signedElse('too-many'),
  ],
  [
    'more pages than are read, the bundle on the first',
    Array.from({ length: 30 }, (_, at) => index(at === 0 ? [good] : [sbom], next(at + 2))),
    VERIFIED,
  ],
  [
    'more entries than are read',
    [index(Array.from({ length: 1_001 }, () => sbom))],
    signedElse('too-many'),
  ],
];

/** Entries that are no descriptors, as JSON has them. */
const BROKEN: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['a text', 'sha256:'],
  ['a list', [sbom]],
  ['nothing in it', {}],
  ['no digest', { ...sbom, digest: undefined }],
  ['a digest of another algorithm', { ...sbom, digest: `sha512:${'0'.repeat(128)}` }],
  ['a digest in capitals', { ...sbom, digest: sbom.digest.toUpperCase() }],
  ['a digest that is short', { ...sbom, digest: 'sha256:00' }],
  ['a list for a digest', { ...sbom, digest: [sbom.digest] }],
  ['a size in text', { ...sbom, size: '3' }],
  ['a size below zero', { ...sbom, size: -1 }],
  ['a size in fractions', { ...sbom, size: 0.5 }],
  ['no size', { ...sbom, size: undefined }],
  ['no media type', { ...sbom, mediaType: null }],
  ['an artifact type that is null, of nothing', { ...gone, artifactType: null }],
  ['a number for an artifact type', { ...sbom, artifactType: 1 }],
  ['annotations that are a list', { ...sbom, annotations: ['a'] }],
  ['annotations of numbers', { ...sbom, annotations: { a: 1 } }],
];

const DENIED = html(403);
const listOf = (...tags: readonly string[]): Page => ({
  status: 200,
  type: 'application/json',
  body: { name: 'configs/platform', tags },
});
const SIG = `${IMAGE.replace(':', '-')}.sig`;

/** Answers for the tags that signatures are under, where they are absent. */
const ABSENT_TAGS: readonly (readonly [string, OddAnswers['odd'], OddAnswers['expected']])[] = [
  [
    'Artifactory: 403 for an absent .sig',
    { sig: [DENIED] },
    { ...NO_API, legacy: 'registry-denied' },
  ],
  [
    '403 for an absent fallback tag',
    { fallback: [DENIED] },
    { ...NO_API, fallback: 'registry-denied' },
  ],
  ['401 for an absent .sig', { sig: [{ status: 401 }] }, { ...NO_API, legacy: 'registry-denied' }],
  [
    '404 in HTML for an absent .sig',
    { sig: [html(404)] },
    { ...NO_API, legacy: 'registry-misbehaved' },
  ],
  [
    '404 in JSON of its own',
    { sig: [{ status: 404, body: { error: 1 } }] },
    { ...NO_API, legacy: 'registry-misbehaved' },
  ],
  [
    '400 for an absent .sig',
    { sig: [oci(400, 'X')] },
    { ...NO_API, legacy: 'registry-misbehaved' },
  ],
  [
    '200 in HTML for an absent .sig',
    { sig: [html(200)] },
    { ...NO_API, legacy: 'registry-misbehaved' },
  ],
  [
    'a login for an absent .sig',
    { sig: [{ status: 302, headers: { location: 'https://login.test/page' } }] },
    { ...NO_API, legacy: 'registry-misbehaved' },
  ],
  ['404 without a body', { sig: [{ status: 404 }] }, { ...NO_API, legacy: 'unsigned' }],
  ['an absent repository', { sig: [oci(404, 'NAME_UNKNOWN')] }, { ...NO_API, legacy: 'unsigned' }],
  [
    '403 for .sig, and no list of tags',
    { sig: [DENIED], tags: [DENIED] },
    { legacy: 'registry-denied', fallback: 'verified', nothing: 'registry-denied' },
  ],
  [
    '404 in HTML for .sig, and for the list of tags',
    { sig: [html(404)], tags: [html(404)] },
    { legacy: 'registry-misbehaved', fallback: 'verified', nothing: 'registry-misbehaved' },
  ],
  [
    '403 for .sig, and a list of tags that goes on',
    {
      sig: [DENIED],
      tags: [{ ...listOf(), headers: { link: '<{path}?page=2>; rel="next"' } }, DENIED],
    },
    { legacy: 'registry-denied', fallback: 'verified', nothing: 'registry-denied' },
  ],
  [
    '403 for .sig, and a list of tags that breaks off',
    {
      sig: [DENIED],
      tags: [{ ...listOf(), headers: { link: '<{path}?page=2>; rel="next"' } }, oci(404, 'X')],
    },
    { legacy: 'registry-denied', fallback: 'verified', nothing: 'registry-denied' },
  ],
  [
    '403 for .sig, which is in the list of tags',
    { sig: [DENIED], tags: [listOf(SIG)] },
    { legacy: 'registry-denied', fallback: 'verified', nothing: 'registry-denied' },
  ],
  ['503 for .sig', { sig: [html(503)] }, always('registry-unavailable')],
  ['429 for the fallback tag', { fallback: [{ status: 429 }] }, always('registry-unavailable')],
];

/** Manifests by digest, blobs, and tokens. */
const OTHERS: readonly (readonly [string, OddAnswers['odd'], OddAnswers['expected']])[] = [
  ...[DENIED, html(404), html(200)].map((page): (typeof OTHERS)[number] => [
    `${page.status} for a manifest that is listed`,
    { referrers: [index([gone])], manifest: [page] },
    {
      legacy: 'verified',
      fallback: page.status === 403 ? 'registry-denied' : 'registry-misbehaved',
      nothing: page.status === 403 ? 'registry-denied' : 'registry-misbehaved',
    },
  ]),
  ['a manifest that is listed and gone', { referrers: [index([sbom])] }, NO_API],
  [
    '503 for a manifest that is listed',
    { referrers: [index([gone])], manifest: [html(503)] },
    always('registry-unavailable'),
  ],
  [
    '403 for blobs',
    { blob: [DENIED] },
    { legacy: 'registry-denied', fallback: 'registry-denied', nothing: 'unsigned' },
  ],
  [
    '404 in HTML for blobs',
    { blob: [html(404)] },
    { legacy: 'registry-misbehaved', fallback: 'registry-misbehaved', nothing: 'unsigned' },
  ],
  [
    '404 for blobs',
    { blob: [oci(404, 'BLOB_UNKNOWN')] },
    { legacy: 'malformed', fallback: 'malformed', nothing: 'unsigned' },
  ],
  [
    'other bytes for blobs',
    { blob: [{ status: 200, body: 'x' }] },
    { legacy: 'registry-misbehaved', fallback: 'registry-misbehaved', nothing: 'unsigned' },
  ],
  ['a token for every caller', { token: [{ status: 200, body: { token: 'abc' } }] }, NO_API],
  [
    'a token by its other name',
    { token: [{ status: 200, body: { access_token: 'abc', expires_in: 60 } }] },
    NO_API,
  ],
  ['no token: 403', { token: [oci(403, 'DENIED')] }, always('registry-denied')],
  ['no token: 404', { token: [html(404)] }, always('registry-misbehaved')],
  ['no token: 503', { token: [html(503)] }, always('registry-unavailable')],
  ['no token: HTML', { token: [html(200)] }, always('registry-misbehaved')],
];

export const ODD_ANSWERS: readonly OddAnswers[] = [
  ...WITHOUT_API.map(([name, page]) => ({
    name: `${name}, for the list of referrers`,
    odd: { referrers: [page] },
    expected: NO_API,
  })),
  ...FAILING.map(([name, page, code]) => ({
    name: `${name}, for the list of referrers`,
    odd: { referrers: [page] },
    expected: always(code),
  })),
  ...PAGES.map(([name, pages, expected]) => ({
    name: `a list of referrers with ${name}`,
    odd: { referrers: pages },
    expected,
  })),
  { name: 'an empty list', odd: { referrers: [index([])] }, expected: NO_API },
  { name: 'a list that is null', odd: { referrers: [index(null)] }, expected: NO_API },
  {
    name: 'a list with the bundle, served as JSON',
    odd: { referrers: [{ ...index([good]), type: 'application/json; charset=utf-8' }] },
    expected: VERIFIED,
  },
  {
    name: 'a list with the bundle, behind a redirect',
    odd: { referrers: [{ status: 307, headers: { location: 'https://mirror.test/list' } }] },
    expected: VERIFIED,
  },
  {
    name: 'a bundle whose artifact type is null',
    odd: { referrers: [index([{ ...good, artifactType: null }])] },
    expected: VERIFIED,
  },
  {
    name: 'a bundle whose annotations are huge',
    odd: { referrers: [index([{ ...good, annotations: { a: 'x'.repeat(1_000_000) } }])] },
    expected: VERIFIED,
  },
  ...BROKEN.flatMap(([name, entry]) => [
    {
      name: `a list of referrers with ${name}, and the bundle`,
      odd: { referrers: [index([entry, good])] },
      expected: VERIFIED,
    },
    {
      name: `a list of referrers with ${name} alone`,
      odd: { referrers: [index([entry])] },
      expected: signedElse('malformed'),
    },
  ]),
  ...[...ABSENT_TAGS, ...OTHERS].map(([name, odd, expected]) => ({ name, odd, expected })),
];

/** A list that has the good bundle, as the mirror of one row serves it. */
export const MIRRORED: Page = index([good]);
export { bundle };
