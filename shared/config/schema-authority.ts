import * as z from 'zod';
import { CLAIM_OIDS, oidOfClaim } from './certificate-claims.ts';
import {
  type Check,
  ALWAYS,
  atMost,
  exactlyOne,
  fieldOf,
  finding,
  isRecord,
  oneOf,
} from './check.ts';
import { kmsUriSchema } from './kms-uri.ts';
import { MAX_KEY_BYTES, MAX_PAIRS, MAX_PATTERN, MAX_TEXT } from './limits.ts';
import { nameSchema, textSchema } from './names.ts';
import { findAnchorProblem } from './subject-pattern.ts';

const ISSUER = /^https:\/\/[^\s*]+$/;
const FILE = 'Path of a PEM file with the public key, relative to this file';

const key = z
  .strictObject({
    pem: z
      .string()
      .min(1)
      .max(MAX_KEY_BYTES)
      .exactOptional()
      .describe('The public key itself, as PEM text'),
    file: textSchema()
      .exactOptional()
      .meta({ description: FILE, examples: ['cosign.pub'] }),
    kms: kmsUriSchema().exactOptional().meta({
      description: 'A Cloud KMS key by its version',
    }),
    hash: z
      .enum(['sha256', 'sha384', 'sha512'])
      .exactOptional()
      .describe(
        'For ECDSA and RSA keys as pem or file: the only hash that the key signs with; without it sha256, sha384 and sha512 are tried',
      ),
  })
  .superRefine(finding(exactlyOne(['pem', 'file', 'kms'])), ALWAYS)
  .superRefine(finding(hashOfKms), ALWAYS)
  .meta({
    description: 'A public key: exactly one of pem, file and kms',
    ...oneOf(['pem', 'file', 'kms']),
  });

const keyless = z
  .strictObject({
    issuer: z
      .string()
      .max(MAX_TEXT)
      .regex(ISSUER, 'Is not the https URL of an issuer')
      .meta({
        description: 'Issuer of the identity, compared exactly',
        examples: ['https://token.actions.githubusercontent.com'],
      }),
    subject: textSchema()
      .exactOptional()
      .meta({
        description: 'Subject of the certificate, compared exactly',
        examples: [
          'https://github.com/acme/configs/.github/workflows/release.yaml@refs/heads/main',
        ],
      }),
    subjectRegExp: z
      .string()
      .max(MAX_PATTERN)
      .superRefine(finding(anchored))
      .exactOptional()
      .meta({
        description:
          'Subject of the certificate as an RE2 pattern that begins with ^ and ends with $',
        examples: ['^https://github\\.com/acme/configs/.+@refs/heads/main$'],
      }),
    claims: z
      .record(z.string(), textSchema())
      .superRefine(finding(knownClaims), ALWAYS)
      .superRefine(finding(atMost(MAX_PAIRS)), ALWAYS)
      .default({})
      .meta({
        description: `Certificate extensions that must be equal, by object identifier or by name: ${Object.keys(CLAIM_OIDS).join(', ')}`,
        examples: [{ sourceRepositoryURI: 'https://github.com/acme/configs' }],
      }),
  })
  .superRefine(finding(exactlyOne(['subject', 'subjectRegExp'])), ALWAYS)
  .meta({
    description:
      'An identity that a certificate authority vouches for: issuer, and one of subject and subjectRegExp',
    ...oneOf(['subject', 'subjectRegExp']),
  });

const trustedRoot = z
  .union([
    z.literal('public-good'),
    z.strictObject({
      file: textSchema().meta({
        description: 'Path of a Sigstore trusted_root.json, relative to this file',
        examples: ['trusted_root.json'],
      }),
    }),
  ])
  .meta({
    description:
      'Roots of the certificates and logs: public-good (default) or { file: trusted_root.json }',
    examples: ['public-good'],
  });

/** One party whose signature counts: a key or a keyless identity. */
export const authoritySchema = z
  .strictObject({
    name: nameSchema().meta({
      description: 'Name, as verdicts and receipts show it',
      examples: ['release-key'],
    }),
    key: key.exactOptional(),
    keyless: keyless.exactOptional(),
    transparencyLog: z
      .enum(['ignore', 'require'])
      .exactOptional()
      .describe(
        'For keys: ignore (default), or require an entry in the transparency log; keyless always requires one',
      ),
    annotations: z
      .record(textSchema(), z.string().max(MAX_TEXT))
      .superRefine(finding(atMost(MAX_PAIRS)), ALWAYS)
      .default({})
      .meta({
        description: 'Claims made with cosign -a that must hold',
        examples: [{ env: 'prod' }],
      }),
    trustedRoot: trustedRoot.exactOptional(),
  })
  .superRefine(finding(exactlyOne(['key', 'keyless'])), ALWAYS)
  .superRefine(finding(logSettings), ALWAYS)
  .meta({
    description: 'One party whose signature counts: a key or a keyless identity',
    ...oneOf(['key', 'keyless']),
  });

export type AuthorityInput = z.output<typeof authoritySchema>;

function* anchored(text: unknown): ReturnType<Check> {
  if (typeof text !== 'string' || text.length > MAX_PATTERN) return;
  const problem = findAnchorProblem(text);
  const fix = 'Write ^…$ with alternatives in a group: ^https://github\\.com/acme/(?:a|b)$';
  if (problem !== undefined) yield { kind: 'bad-value', problem, fix };
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
      yield { path: [name], kind: 'unknown-key', problem: 'Is no known claim', fix };
    } else if (seen.has(oid)) {
      yield {
        path: [name],
        kind: 'duplicate',
        problem: `Repeats the claim ${oid}`,
        fix: 'Keep one of them',
      };
    } else seen.add(oid);
  }
}

function* logSettings(value: unknown): ReturnType<Check> {
  const log = fieldOf(value, 'transparencyLog');
  if (fieldOf(value, 'keyless') !== undefined && log === 'ignore') {
    const problem = 'Cannot be ignored for keyless, whose certificates live for minutes';
    yield { path: ['transparencyLog'], kind: 'conflict', problem, fix: 'Remove it' };
  }
  if (
    fieldOf(value, 'keyless') === undefined &&
    (log === undefined || log === 'ignore') &&
    fieldOf(value, 'trustedRoot') !== undefined
  ) {
    const fix = 'Write transparencyLog: require, or remove trustedRoot';
    yield {
      path: ['trustedRoot'],
      kind: 'conflict',
      problem: 'Means nothing while the log is ignored',
      fix,
    };
  }
}
