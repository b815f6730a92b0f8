import { sign } from 'node:crypto';

import { bundleOf, legacyPayload, statementOf } from '#test/fakes/cosign.ts';

import {
  VICTIM,
  OTHER,
  release,
  untrusted,
  verified,
  pushPayload,
  spoiltBundle,
  envelope,
  material,
  payloadWith,
  hint,
  p1363,
  deep,
  hex,
  type TrustCase,
} from './world.ts';

const GONE = 'CVE-2026-39395';

/** Bytes that two readers may read in two ways, or that break one. */
export const BYTES_CASES: readonly TrustCase[] = [
  ...['', 'null', '[]', '"text"', '{', 'not json', '{"critical":null}', '\ufeff{}'].map(
    (payload): TrustCase => ({
      fact: 8,
      name: `a signed payload that is ${JSON.stringify(payload)}`,
      advisory: GONE,
      arrange: (registry) => pushPayload(registry, payload),
      expected: untrusted('malformed'),
    }),
  ),
  {
    fact: 8,
    name: 'a signed payload that is not UTF-8',
    advisory: GONE,
    arrange: (registry) => {
      const good = Buffer.from(legacyPayload(VICTIM, { note: '?' }));
      good[good.indexOf('?')] = 0xff;
      pushPayload(registry, good);
    },
    expected: untrusted('malformed'),
  },
  ...['null', '[]', '{', '{"_type":1}'].map(
    (statement): TrustCase => ({
      fact: 8,
      name: `a signed statement that is ${statement}`,
      advisory: GONE,
      arrange: spoiltBundle(() => bundleOf(statement, release)),
      expected: untrusted('malformed'),
    }),
  ),
  {
    fact: 8,
    name: 'a statement of another version',
    advisory: GONE,
    arrange: spoiltBundle(() => {
      const statement = { ...statementOf(VICTIM), _type: 'https://in-toto.io/Statement/v9' };
      return bundleOf(statement, release);
    }),
    expected: untrusted('malformed'),
  },
  ...(
    [
      ['both contents', spoiltBundle((good) => ({ ...good, messageSignature: {} }))],
      ['both key materials', material({ ...hint, certificate: { rawBytes: 'AAAA' } })],
      ['a key and a chain', material({ ...hint, x509CertificateChain: { certificates: [] } })],
      ['no key material', material({})],
    ] as const
  ).map(
    ([what, arrange]): TrustCase => ({
      fact: 27,
      name: `a bundle with ${what}`,
      advisory: 'sigstore-js takes the first of two contents',
      arrange,
      expected: untrusted('malformed'),
    }),
  ),
  ...(
    [
      ['another payload type', envelope({ payloadType: 'application/vnd.in-toto+jsonX' })],
      ['no signature', envelope({ signatures: [] })],
      [
        'two signatures',
        spoiltBundle(() => {
          const good = bundleOf(statementOf(VICTIM), release);
          const dsse = Object(good['dsseEnvelope']);
          return {
            ...good,
            dsseEnvelope: { ...dsse, signatures: [...dsse.signatures, { sig: 'AA==' }] },
          };
        }),
      ],
      [
        'an unknown version',
        spoiltBundle((good) => ({
          ...good,
          mediaType: 'application/vnd.dev.sigstore.bundle.v9.9+json',
        })),
      ],
      ['null in its place', spoiltBundle(() => 'null')],
      ['an array in its place', spoiltBundle((good) => [good])],
      ['a depth bomb', spoiltBundle(() => deep)],
      [
        'a depth bomb inside',
        spoiltBundle((good) => JSON.stringify(good).replace(/^\{/, `{"bomb":${deep},`)),
      ],
    ] as const
  ).map(
    ([what, arrange]): TrustCase => ({
      fact: 28,
      name: `a bundle with ${what}`,
      advisory: 'sigstore-js accepts v9.9',
      arrange,
      expected: untrusted('malformed'),
    }),
  ),
  ...(
    [
      ['white space', (good: string) => ` ${good}`, 'malformed'],
      ['a tab', (good: string) => `${good.slice(0, 8)}\t${good.slice(8)}`, 'malformed'],
      ['a blank between', (good: string) => `${good.slice(0, 8)} ${good.slice(8)}`, 'malformed'],
      ['a form feed', (good: string) => `${good}\f`, 'malformed'],
      ['a next-line character', (good: string) => `${good}\u0085`, 'malformed'],
      ['a line separator', (good: string) => `${good}\u2028`, 'malformed'],
      ['no padding', (good: string) => good.replaceAll('=', '').slice(0, -1), 'malformed'],
      ['line breaks alone', () => '\r\n', 'malformed'],
      ['junk after it', (good: string) => `${good}!!`, 'malformed'],
      ['the URL alphabet', () => '-_-_', 'malformed'],
      ['nothing', () => '', 'malformed'],
      ['one byte', () => 'MA==', 'bad-signature'],
    ] as const
  ).map(
    ([what, spoil, reason]): TrustCase => ({
      fact: 29,
      name: `a legacy signature whose base64 is ${what}`,
      advisory: 'lenient base64',
      arrange: (registry) => {
        const bytes = Buffer.from(legacyPayload(VICTIM));
        const good = sign('sha256', bytes, release.privateKey).toString('base64');
        pushPayload(registry, bytes, spoil(good));
      },
      expected: untrusted(reason),
    }),
  ),
  ...(
    [
      ['wrapped', (good: string) => good.replaceAll(/.{20}/g, '$&\n')],
      ['ended by a line', (good: string) => `${good}\n`],
      ['wrapped as Windows does', (good: string) => `${good.replaceAll(/.{20}/g, '$&\r\n')}\r\n`],
      ['P1363', () => p1363(Buffer.from(legacyPayload(VICTIM)))],
    ] as const
  ).map(
    ([what, spell]): TrustCase => ({
      fact: 29,
      name: `a legacy signature whose base64 is ${what}, as cosign reads it`,
      advisory: 'cosign verify accepts it',
      arrange: (registry) => {
        const bytes = Buffer.from(legacyPayload(VICTIM));
        pushPayload(
          registry,
          bytes,
          spell(sign('sha256', bytes, release.privateKey).toString('base64')),
        );
      },
      expected: verified,
    }),
  ),
  ...(
    [
      ['white space', ' TUVR', 'malformed'],
      ['a line break', 'TUVR\n', 'malformed'],
      ['nothing', '', 'malformed'],
      ['one byte', 'MA==', 'bad-signature'],
    ] as const
  ).map(
    ([what, sig, reason]): TrustCase => ({
      fact: 29,
      name: `a bundle whose signature is ${what}`,
      advisory: 'lenient base64',
      arrange: envelope({ signatures: [{ sig }] }),
      expected: untrusted(reason),
    }),
  ),
  {
    fact: 29,
    name: 'a bundle whose payload has junk between its base64',
    advisory: 'lenient base64',
    arrange: spoiltBundle(() => {
      const payload = Buffer.from(JSON.stringify(statementOf(VICTIM))).toString('base64');
      return bundleOf(statementOf(VICTIM), release, { envelope: { payload: `${payload}\n` } });
    }),
    expected: untrusted('malformed'),
  },
  ...(
    [
      ['a digest twice', '"image":{', `"image":{"docker-manifest-digest":"${OTHER}",`],
      [
        'a digest twice, once escaped',
        '"image":{',
        `"image":{"docker\\u002dmanifest-digest":"${OTHER}",`,
      ],
      ['"image" twice', '"type":', `"image":{"docker-manifest-digest":"${OTHER}"},"type":`],
      ['a key __proto__', '"image":{', '"__proto__":{"type":"x"},"image":{'],
      ['a digest that is no string', `"${VICTIM}"`, `["${VICTIM}"]`],
      ['upper-case hex', VICTIM, `sha256:${hex.toUpperCase()}`],
      ['another algorithm', VICTIM, `sha512:${hex}${hex}`],
      ['a digest with a space', VICTIM, ` ${VICTIM}`],
      ['another type', 'cosign container image signature', 'atomic container signature'],
    ] as const
  ).map(
    ([what, from, to]): TrustCase => ({
      fact: 30,
      name: `a signed payload with ${what}`,
      advisory: 'two readers, two documents',
      arrange: payloadWith(from, to),
      expected: untrusted('malformed'),
    }),
  ),
  {
    fact: 30,
    name: 'a signed statement with its subject twice',
    advisory: 'two readers, two documents',
    arrange: spoiltBundle(() => {
      const text = JSON.stringify(statementOf(VICTIM));
      return bundleOf(text.replace('"subject":', '"subject":[],"subject":'), release);
    }),
    expected: untrusted('malformed'),
  },
];
