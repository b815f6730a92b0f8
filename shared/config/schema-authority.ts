import * as z from 'zod';
import { CLAIM_OIDS, oidOfClaim } from './certificate-claims.ts';
import {
  ALWAYS,
  atMost,
  type Check,
  exactlyOne,
  fieldOf,
  finding,
  isRecord,
  oneOf,
  parsed,
  withOneOf,
} from './check.ts';
import type { Fault } from './problem.ts';
import { kmsUriSchema, nameSchema, textLike, textSchema } from './scalars.ts';
import { MAX_KEY_BYTES, MAX_PAIRS, MAX_PATTERN, MAX_TEXT } from './limits.ts';
import { findAnchorProblem } from './subject-pattern.ts';

const ISSUER = /^https:\/\/[^\s*]+$/;
/** What is fetched is signed: plain http is for this machine, where tests are. */
const TUF_URL = /^(?:https:\/\/[^\s/@]+|http:\/\/127\.0\.0\.1(?::[0-9]+)?)(?:\/[^\s?#]*)?$/;
const FILE = 'Path of a PEM file with the public key';

const key = withOneOf(
  z.strictObject({
    pem: z
      .string()
      .min(1)
      .max(MAX_KEY_BYTES)
      .exactOptional()
      .describe('The public key itself, as PEM text'),
    file: textSchema.exactOptional().meta({ description: FILE, examples: ['cosign.pub'] }),
    kms: kmsUriSchema.exactOptional().describe('Version of a Cloud KMS key'),
    hash: z
      .enum(['sha256', 'sha384', 'sha512'])
      .exactOptional()
      .describe(
        'For ECDSA and RSA keys as pem or file: the one hash that the key signs with; without it all three are tried',
      ),
  }),
  ['pem', 'file', 'kms'],
  'A public key: exactly one of pem, file and kms',
).superRefine(finding(hashOfKms), ALWAYS);

const subject = textSchema.exactOptional().meta({
  description: 'Subject of the certificate, compared exactly',
  examples: ['https://github.com/acme/configs/.github/workflows/release.yaml@refs/heads/main'],
});
const subjectRegExp = patternSchema(
  'Subject as an RE2 pattern from ^ to $',
  '^https://github\\.com/acme/configs/.+@refs/heads/main$',
);

const keyless = z
  .strictObject({
    issuer: textLike(ISSUER, 'Is not the https URL of an issuer')
      .exactOptional()
      .meta({
        description: 'Issuer of the identity, compared exactly',
        examples: ['https://token.actions.githubusercontent.com'],
      }),
    issuerRegExp: patternSchema(
      'Issuer as an RE2 pattern from ^ to $, for issuers that differ by cluster or tenant',
      '^https://oidc\\.eks\\.eu-west-1\\.amazonaws\\.com/id/[0-9A-F]{32}$',
    ),
    subject,
    subjectRegExp,
    claims: z
      .record(z.string(), textSchema)
      .superRefine(finding(knownClaims, atMost(MAX_PAIRS)), ALWAYS)
      .default({})
      .meta({
        description: `Required certificate extensions, by object identifier or by name: ${Object.keys(CLAIM_OIDS).join(', ')}`,
        examples: [{ sourceRepositoryURI: 'https://github.com/acme/configs' }],
      }),
    transparencyLog: z
      .enum(['require', 'timestamp'])
      .exactOptional()
      .describe(
        'require (default): an entry in the transparency log; timestamp: the stamp of a trusted timestamp authority suffices',
      ),
    ctLog: z
      .enum(['require', 'ignore'])
      .exactOptional()
      .describe(
        'require (default): the certificate is in a certificate log; ignore: for a Fulcio without such a log',
      ),
  })
  .superRefine(finding(issuerOrPattern, exactlyOne(['subject', 'subjectRegExp'])), ALWAYS)
  .meta({
    description:
      'An identity certified by Fulcio: issuer or issuerRegExp, and subject or subjectRegExp',
    allOf: [oneOf(['issuer', 'issuerRegExp']), oneOf(['subject', 'subjectRegExp'])],
  });

const certificate = withOneOf(
  z.strictObject({
    roots: textSchema.meta({
      description: 'Path of a PEM file with roots and intermediates',
      examples: ['chain.pem'],
    }),
    subject: textSchema.exactOptional().meta({
      description: 'Name of the certificate (URI, e-mail address or DNS name), compared exactly',
      examples: ['release@acme.example'],
    }),
    subjectRegExp,
    transparencyLog: z
      .enum(['require', 'timestamp', 'ignore'])
      .default('timestamp')
      .describe(
        'Proof of the time of signing: a log entry (require), a stamp or a log entry (timestamp, default), or none (ignore: the certificate must be valid at verification)',
      ),
  }),
  ['subject', 'subjectRegExp'],
  'A name in certificates of a private PKI: roots, and subject or subjectRegExp',
);

const trustedRoot = z
  .union([
    z.literal('public-good'),
    z.strictObject({
      file: textSchema.meta({
        description: 'Path of a Sigstore trusted_root.json',
        examples: ['trusted_root.json'],
      }),
    }),
    z.strictObject({
      tuf: z
        .strictObject({
          url: textLike(TUF_URL, 'Is not the https URL of a TUF repository').meta({
            description: 'URL of a TUF repository',
            examples: ['https://tuf.acme.example'],
          }),
          root: textSchema.meta({
            description: 'Path of its root.json, from which updates are verified',
            examples: ['root.json'],
          }),
          target: textLike(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'Is not the name of a file')
            .default('trusted_root.json')
            .meta({ description: 'Name of the target', examples: ['trusted_root.json'] }),
        })
        .describe('A private TUF repository'),
    }),
  ])
  .meta({
    description:
      'Trusted certificate authorities and logs: public-good (default), { file: trusted_root.json }, or { tuf: { url, root } }',
    examples: ['public-good'],
  });

/** One party whose signature counts: a key or a keyless identity. */
export const authoritySchema = withOneOf(
  z.strictObject({
    name: nameSchema.meta({
      description: 'Name in verdicts and receipts',
      examples: ['release-key'],
    }),
    key: key.exactOptional(),
    keyless: keyless.exactOptional(),
    certificate: certificate.exactOptional(),
    transparencyLog: z
      .enum(['ignore', 'require'])
      .exactOptional()
      .describe(
        'For keys: ignore (default), or require an entry in the transparency log; keyless and certificate have their own key',
      ),
    annotations: z
      .record(textSchema, z.string().max(MAX_TEXT))
      .superRefine(finding(atMost(MAX_PAIRS)), ALWAYS)
      .default({})
      .meta({
        description: 'Claims of cosign sign -a that the signature must have',
        examples: [{ env: 'prod' }],
      }),
    trustedRoot: trustedRoot.exactOptional(),
  }),
  ['key', 'keyless', 'certificate'],
  'One party whose signature counts: a key, a keyless identity or a certificate',
).superRefine(finding(logSettings), ALWAYS);

export type AuthorityInput = z.output<typeof authoritySchema>;

function anchored(text: string): string | Fault {
  const problem = findAnchorProblem(text);
  const fix = 'Write ^…$ with alternatives in a group: ^https://github\\.com/acme/(?:a|b)$';
  return problem === undefined ? text : { problem, fix };
}

function* hashOfKms(value: unknown): ReturnType<Check> {
  if (fieldOf(value, 'kms') === undefined || fieldOf(value, 'hash') === undefined) return;
  const problem = 'Is said by the version of a Cloud KMS key';
  yield { path: ['hash'], kind: 'conflict', problem, fix: 'Remove it' };
}

function* knownClaims(value: unknown): ReturnType<Check> {
  if (!isRecord(value)) return;
  const seen = new Set<string>();
  for (const name of Object.keys(value)) {
    const oid = oidOfClaim(name);
    if (oid === undefined) {
      const fix = `Write an object identifier or one of ${Object.keys(CLAIM_OIDS).join(', ')}`;
      yield { path: [name], kind: 'unknown-key', problem: 'Is not a known claim', fix };
    } else if (seen.has(oid)) {
      const problem = `Repeats the claim ${oid}`;
      yield { path: [name], kind: 'duplicate', problem, fix: 'Keep one of them' };
    } else seen.add(oid);
  }
}

/** Where both are missing, the usual one is. */
function* issuerOrPattern(value: unknown): ReturnType<Check> {
  const fix = 'Add it: Issuer of the identity, as in "https://token.actions.githubusercontent.com"';
  for (const found of exactlyOne(['issuer', 'issuerRegExp'])(value)) {
    const isMissing = found.kind === 'missing';
    yield isMissing ? { path: ['issuer'], kind: 'missing', problem: 'Is missing', fix } : found;
  }
}

function* logSettings(value: unknown): ReturnType<Check> {
  const log = fieldOf(value, 'transparencyLog');
  const certificates = fieldOf(value, 'certificate');
  const isKeyless = fieldOf(value, 'keyless') !== undefined;
  if (isKeyless && log === 'ignore') {
    const problem = 'Cannot be ignored for keyless, whose certificates live for minutes';
    yield { path: ['transparencyLog'], kind: 'conflict', problem, fix: 'Remove it' };
  }
  if (certificates !== undefined && log !== undefined) {
    const fix = 'Write it under certificate';
    yield { path: ['transparencyLog'], kind: 'conflict', problem: 'Is for keys', fix };
  }
  const isIgnored =
    certificates === undefined
      ? !isKeyless && (log === undefined || log === 'ignore')
      : fieldOf(certificates, 'transparencyLog') === 'ignore';
  if (isIgnored && fieldOf(value, 'trustedRoot') !== undefined) {
    const fix = 'Write transparencyLog: require, or remove trustedRoot';
    const problem = 'Means nothing while the log is ignored';
    yield { path: ['trustedRoot'], kind: 'conflict', problem, fix };
  }
}

/** A pattern that is anchored, for a linear-time engine. */
function patternSchema(description: string, example: string) {
  return z
    .string()
    .max(MAX_PATTERN)
    .meta({ examples: [example] })
    .transform(parsed(anchored))
    .exactOptional()
    .describe(description);
}
