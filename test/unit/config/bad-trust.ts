import type { Row } from './bad-config.ts';

const KEYLESS =
  'subject: https://github.com/acme/configs/.github/workflows/release.yaml@refs/heads/main';
const PATTERN =
  'subjectRegExp: ^https://github\\.com/acme/configs/\\.github/workflows/(?:a|b)\\.yaml@refs/heads/.+$';
const KMS = 'kms: gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1';
const RELEASE = 'trust.release';
const PEM_KEY = `${RELEASE}.authorities[2]`;
const CI = `${RELEASE}.authorities[3]`;
const BRANCHES = `${RELEASE}.authorities[4]`;

/** Mistakes in the trust policies of full.yaml. */
export const BAD_TRUST: readonly Row[] = [
  // trust: policies
  ['  open: { allowUnsigned: true }', '  open: «{}', 'trust.open.authorities', 'missing'],
  ['allowUnsigned: true', 'allowUnsigned: «"true"', 'trust.open.allowUnsigned', 'wrong-type'],
  ['allowUnsigned: true', 'allowUnsigned: true, require: «1', 'trust.open.require', 'conflict'],
  [
    'allowUnsigned: true',
    'allowUnsigned: true, attestations: «[{ predicateType: x }]',
    'trust.open.attestations',
    'conflict',
  ],
  [
    'allowUnsigned: true',
    'allowUnsigned: true, signatureRepository: «ghcr.io/acme/s',
    'trust.open.signatureRepository',
    'conflict',
  ],
  [
    'allowUnsigned: true',
    'allowUnsigned: true, authorities: «[{ name: a, key: { file: second.pub } }]',
    'trust.open.authorities',
    'conflict',
  ],
  ['  open: {', '  «Open: { allowUnsigned: true }\n  open: {', 'trust.Open', 'unknown-key'],
  ['require: 1', 'require: «6', `${RELEASE}.require`, 'bad-value'],
  ['require: 1', 'require: «0', `${RELEASE}.require`, 'bad-value'],
  ['require: 1', 'require: «1.5', `${RELEASE}.require`, 'wrong-type'],
  ['require: 1', '«threshold: 1', `${RELEASE}.threshold`, 'unknown-key'],
  ...(
    [
      ['predicate.n ==', 'bad-value'],
      ['other.n == 1', 'bad-value'],
      ['1 + 1', 'bad-value'],
      ['predicate.a.all(x, x.all(y, y.all(z, z == 1)))', 'bad-value'],
      ['predicate.a.matches("(a+)+")', 'bad-value'],
      ['a'.repeat(2049), 'too-large'],
    ] as const
  ).map(
    ([condition, kind]): Row => [
      'reproducible: true }',
      `reproducible: true }\n        condition: «'${condition}'`,
      `${RELEASE}.attestations[0].condition`,
      kind,
    ],
  ),
  [
    'reproducible: true }',
    'reproducible: true }\n        condition: «1',
    `${RELEASE}.attestations[0].condition`,
    'wrong-type',
  ],
  [
    'reproducible: true }',
    'reproducible: true }\n        «cel: "true"',
    `${RELEASE}.attestations[0].cel`,
    'unknown-key',
  ],
  [KEYLESS, `${KEYLESS}, transparencyLog: «ignore`, `${CI}.keyless.transparencyLog`, 'bad-value'],
  [KEYLESS, `${KEYLESS}, transparencyLog: «1`, `${CI}.keyless.transparencyLog`, 'bad-value'],
  [KEYLESS, `${KEYLESS}, ctLog: «timestamp`, `${CI}.keyless.ctLog`, 'bad-value'],
  [KEYLESS, `${KEYLESS}, issuerRegExp: ^https://a$`, `${CI}.keyless`, 'conflict'],
  ...(
    [
      ['https://a$', 'bad-value'],
      ['^https://a', 'bad-value'],
      ['^https://a|https://b$', 'bad-value'],
      ['(?m)^https://a$', 'bad-value'],
      ['^(a)\\1$', 'bad-value'],
      [`^${'a'.repeat(1024)}$`, 'too-large'],
    ] as const
  ).map(
    ([pattern, kind]): Row => [
      '{ issuer: https://token.actions.githubusercontent.com,',
      `{ issuerRegExp: «'${pattern}',`,
      `${CI}.keyless.issuerRegExp`,
      kind,
    ],
  ),
  ...(
    [
      ['roots: «absent.pem, subject: a', '.certificate.roots', 'file'],
      ['roots: «release.pub, subject: a', '.certificate.roots', 'bad-value'],
      ['roots: «1, subject: a', '.certificate.roots', 'wrong-type'],
      ['roots: roots.pem, subject: «""', '.certificate.subject', 'bad-value'],
      ['roots: roots.pem, subjectRegExp: «a', '.certificate.subjectRegExp', 'bad-value'],
      ['roots: roots.pem, subject: a, «issuer: b', '.certificate.issuer', 'unknown-key'],
      [
        'roots: roots.pem, subject: a, transparencyLog: «no',
        '.certificate.transparencyLog',
        'bad-value',
      ],
    ] as const
  ).map(
    ([text, path, kind]): Row => [
      'key: { file: release.pub }\n        transparencyLog: require',
      `certificate: { ${text} }`,
      `${RELEASE}.authorities[1]${path}`,
      kind,
    ],
  ),
  [
    'key: { file: release.pub }\n        transparencyLog: require',
    'certificate: «1',
    `${RELEASE}.authorities[1].certificate`,
    'wrong-type',
  ],
  [
    'name: ci\n        keyless:',
    'name: ci\n        certificate: { roots: release.pub, subject: a }\n        keyless:',
    CI,
    'conflict',
  ],
  ...(
    [
      ['url: «http://tuf.acme.example, root: trusted_root.json', '.url', 'bad-value'],
      ['url: «https://me@tuf.acme.example, root: trusted_root.json', '.url', 'bad-value'],
      ['url: https://tuf.acme.example, root: «absent.json', '.root', 'file'],
      ['url: https://tuf.acme.example, root: «release.pub', '.root', 'bad-value'],
      [
        'url: https://tuf.acme.example, root: trusted_root.json, target: «../a',
        '.target',
        'bad-value',
      ],
      [
        'url: https://tuf.acme.example, root: trusted_root.json, «mirror: a',
        '.mirror',
        'unknown-key',
      ],
    ] as const
  ).map(
    ([text, path, kind]): Row => [
      'trustedRoot: public-good',
      `trustedRoot: { tuf: { ${text} } }`,
      `${CI}.trustedRoot.tuf${path}`,
      kind,
    ],
  ),
  ['format: any', 'format: any\n    signatures: «none', `${RELEASE}.signatures`, 'bad-value'],
  ['format: any', 'format: any\n    signatures: «attested', `${RELEASE}.signatures`, 'conflict'],
  [
    'allowUnsigned: true',
    'allowUnsigned: true, signatures: «attested',
    'trust.open.signatures',
    'conflict',
  ],
  ['format: any', 'format: «cosign', `${RELEASE}.format`, 'bad-value'],
  [
    'us-docker.pkg.dev/acme/signatures',
    '«us-docker.pkg.dev/acme/signatures:latest',
    `${RELEASE}.signatureRepository`,
    'bad-value',
  ],
  [
    'us-docker.pkg.dev/acme/signatures',
    '«acme/signatures',
    `${RELEASE}.signatureRepository`,
    'bad-value',
  ],
  [
    'predicateType: https://slsa.dev/provenance/v1',
    'predicateType: «"a type"',
    `${RELEASE}.attestations[0].predicateType`,
    'bad-value',
  ],
  [
    '- predicateType: https://slsa.dev/provenance/v1\n        ',
    '- «',
    `${RELEASE}.attestations[0].predicateType`,
    'missing',
  ],
  ['where: {', '«conditions: {', `${RELEASE}.attestations[0].conditions`, 'unknown-key'],
  [
    '"runDetails.attempt": 1',
    '"runDetails.attempt": «[1]',
    `${RELEASE}.attestations[0].where["runDetails.attempt"]`,
    'wrong-type',
  ],
  [
    '"runDetails.attempt": 1',
    '«"runDetails..attempt": 1',
    `${RELEASE}.attestations[0].where["runDetails..attempt"]`,
    'unknown-key',
  ],
  // trust: authorities
  ['name: pem-key', 'name: «file-key', `${PEM_KEY}.name`, 'duplicate'],
  ['name: pem-key', 'name: «PEM key', `${PEM_KEY}.name`, 'bad-value'],
  ['- name: ci\n        ', '- «', `${CI}.name`, 'missing'],
  [
    'key: { file: release.pub }',
    '«extra: 1\n        key: { file: release.pub }',
    `${RELEASE}.authorities[1].extra`,
    'unknown-key',
  ],
  [
    '- name: ci\n        keyless: {',
    '- «name: ci\n        key: { file: second.pub }\n        keyless: {',
    CI,
    'conflict',
  ],
  [
    '        transparencyLog: ignore\n',
    '        transparencyLog: «optional\n',
    `${RELEASE}.authorities[0].transparencyLog`,
    'bad-value',
  ],
  ['trustedRoot: public-good', 'transparencyLog: «ignore', `${CI}.transparencyLog`, 'conflict'],
  [
    'transparencyLog: require\n        trustedRoot: {',
    'trustedRoot: «{',
    `${RELEASE}.authorities[1].trustedRoot`,
    'conflict',
  ],
  ['trustedRoot: public-good', 'trustedRoot: «private', `${CI}.trustedRoot`, 'wrong-type'],
  [
    'trustedRoot: public-good',
    'trustedRoot: { file: «absent.json }',
    `${CI}.trustedRoot.file`,
    'file',
  ],
  [
    'trustedRoot: public-good',
    'trustedRoot: { file: «release.pub }',
    `${CI}.trustedRoot.file`,
    'bad-value',
  ],
  [
    'trustedRoot: public-good',
    'trustedRoot: { file: trusted_root.json, «tuf: x }',
    `${CI}.trustedRoot.tuf`,
    'unknown-key',
  ],
  [
    'annotations: { env: prod }',
    'annotations: { env: «true }',
    `${RELEASE}.authorities[0].annotations.env`,
    'wrong-type',
  ],
  // trust: keys
  [`{ ${KMS} }`, '«{}', `${RELEASE}.authorities[0].key`, 'missing'],
  [`{ ${KMS} }`, `«{ ${KMS}, file: release.pub }`, `${RELEASE}.authorities[0].key`, 'conflict'],
  [
    `{ ${KMS} }`,
    '{ «secret: x, file: second.pub }',
    `${RELEASE}.authorities[0].key.secret`,
    'unknown-key',
  ],
  [`{ ${KMS} }`, `{ ${KMS}, hash: «sha256 }`, `${RELEASE}.authorities[0].key.hash`, 'conflict'],
  [
    'file: release.pub',
    'file: release.pub, hash: «sha1',
    `${RELEASE}.authorities[1].key.hash`,
    'bad-value',
  ],
  [
    'file: release.pub',
    'file: release.pub, hash: «256',
    `${RELEASE}.authorities[1].key.hash`,
    'bad-value',
  ],
  ['/cryptoKeyVersions/1', '', `${RELEASE}.authorities[0].key.kms`, 'bad-value'],
  [
    '/cryptoKeyVersions/1',
    '/cryptoKeyVersions/latest',
    `${RELEASE}.authorities[0].key.kms`,
    'bad-value',
  ],
  [
    'kms: gcpkms://projects/p/',
    'kms: «gcpkms://projects/../',
    `${RELEASE}.authorities[0].key.kms`,
    'bad-value',
  ],
  ['file: release.pub', 'file: «absent.pub', `${RELEASE}.authorities[1].key.file`, 'file'],
  ['file: release.pub', 'file: «full.yaml', `${RELEASE}.authorities[1].key.file`, 'bad-value'],
  ['file: release.pub', 'file: «""', `${RELEASE}.authorities[1].key.file`, 'bad-value'],
  [
    'lu9wyHrc/ZcJR4UDHnHhVi5k8C1kN6AJL8Aed/CmDHEKhSvXVYRyyl+3wQ==',
    'lu9w',
    `${PEM_KEY}.key.pem`,
    'bad-value',
  ],
  // trust: keyless
  [
    `{ issuer: https://token.actions.githubusercontent.com, ${KEYLESS} }`,
    `«{ ${KEYLESS} }`,
    `${CI}.keyless.issuer`,
    'missing',
  ],
  [
    '{ issuer: https://token.actions',
    '{ issuer: «http://token.actions',
    `${CI}.keyless.issuer`,
    'bad-value',
  ],
  [
    '{ issuer: https://token.actions.githubusercontent.com',
    '{ issuer: «"https://*.githubusercontent.com"',
    `${CI}.keyless.issuer`,
    'bad-value',
  ],
  [`, ${KEYLESS} }`, ' }', `${CI}.keyless`, 'missing'],
  [KEYLESS, `${KEYLESS}, subjectRegExp: ^a$`, `${CI}.keyless`, 'conflict'],
  [KEYLESS, 'subject: «""', `${CI}.keyless.subject`, 'bad-value'],
  [KEYLESS, 'subject: a, «san: b', `${CI}.keyless.san`, 'unknown-key'],
  [
    PATTERN,
    'subjectRegExp: «https://github\\.com/acme/.+$',
    `${BRANCHES}.keyless.subjectRegExp`,
    'bad-value',
  ],
  [PATTERN, 'subjectRegExp: «^(a)\\1$', `${BRANCHES}.keyless.subjectRegExp`, 'bad-value'],
  [
    PATTERN,
    `subjectRegExp: «^${'a'.repeat(1024)}$`,
    `${BRANCHES}.keyless.subjectRegExp`,
    'too-large',
  ],
  [
    '{ sourceRepositoryURI:',
    '{ «sourceRepositoryUrl:',
    `${BRANCHES}.keyless.claims.sourceRepositoryUrl`,
    'unknown-key',
  ],
  [
    '1.3.6.1.4.1.57264.1.11: github-hosted',
    '1.3.6.1.4.1.57264.1.12: «github-hosted',
    `${BRANCHES}.keyless.claims["1.3.6.1.4.1.57264.1.12"]`,
    'duplicate',
  ],
  [
    '1.3.6.1.4.1.57264.1.11: github-hosted',
    '1.3.6.1.4.1.57264.1.11: «1',
    `${BRANCHES}.keyless.claims["1.3.6.1.4.1.57264.1.11"]`,
    'wrong-type',
  ],
  // trust: lists and maps that are something else
  [
    'annotations: { env: prod }',
    'annotations: «[env=prod]',
    `${RELEASE}.authorities[0].annotations`,
    'wrong-type',
  ],
  ['where: {', 'where: «[] #{', `${RELEASE}.attestations[0].where`, 'wrong-type'],
];
