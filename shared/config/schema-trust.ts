import * as z from 'zod';
import { MAX_CONDITION } from '#shared/core/condition.ts';
import { PREDICATE_NAMES } from '#shared/core/predicate-types.ts';
import { parseReference } from '#shared/core/reference.ts';
import {
  type Check,
  ALWAYS,
  atMost,
  distinct,
  fieldOf,
  finding,
  isRecord,
  parsed,
} from './check.ts';
import type { Fault } from './problem.ts';
import { normaliseHost } from './image-rules.ts';
import { MAX_ATTESTATIONS, MAX_AUTHORITIES, MAX_PAIRS, MAX_POLICIES, MAX_TEXT } from './limits.ts';
import { nameSchema, wordSchema } from './scalars.ts';
import { authoritySchema } from './schema-authority.ts';

const WHERE_PATH = /^[^.]+(?:\.[^.]+)*$/;

const signatureRepository = z
  .string()
  .max(MAX_TEXT)
  .meta({ examples: ['us-docker.pkg.dev/acme/signatures'] })
  .transform(parsed(repositoryOf));

const attestation = z
  .strictObject({
    predicateType: wordSchema.meta({
      description: `Predicate type, compared exactly, or a name for several: ${PREDICATE_NAMES.join(', ')}`,
      examples: ['https://slsa.dev/provenance/v1'],
    }),
    where: z
      .record(
        z.string().max(MAX_TEXT).regex(WHERE_PATH, 'Is not a dotted path'),
        z.union([z.string().max(MAX_TEXT), z.number(), z.boolean(), z.bigint()]),
      )
      .superRefine(finding(atMost(MAX_PAIRS)), ALWAYS)
      .default({})
      .meta({
        description: 'Dotted paths into the predicate with their required values',
        examples: [{ 'buildDefinition.buildType': 'https://acme.example/build/v1' }],
      }),
    condition: z
      .string()
      .min(1)
      .max(MAX_CONDITION)
      .exactOptional()
      .meta({
        description: 'A CEL expression over `predicate` that must be true, in addition to where',
        examples: ['predicate.scanner.result.all(r, r.severity != "CRITICAL")'],
      }),
  })
  .describe('A required attestation, signed by an authority');

/** A trust policy: whose signatures make a digest acceptable. */
export const policySchema = z
  .strictObject({
    require: z
      .number()
      .int()
      .min(1)
      .max(MAX_AUTHORITIES)
      .exactOptional()
      .meta({
        description: 'Number of distinct signers that must verify (default: all of them)',
        examples: [1],
      }),
    authorities: z
      .array(authoritySchema)
      .min(1)
      .max(MAX_AUTHORITIES)
      .superRefine(finding(distinct('name', 'Give each authority its own name')), ALWAYS)
      .exactOptional()
      .describe('The parties whose signatures count'),
    format: z
      .enum(['any', 'bundle', 'legacy'])
      .default('any')
      .describe(
        'Accepted signature formats: any (default), bundle (cosign 3) or legacy (cosign 2)',
      ),
    signatureRepository: signatureRepository
      .exactOptional()
      .describe('Another repository where to look for signatures'),
    attestations: z
      .array(attestation)
      .max(MAX_ATTESTATIONS)
      .default([])
      .describe('Attestations; each entry is required'),
    signatures: z
      .enum(['required', 'attested'])
      .default('required')
      .describe(
        'required: a signature in addition to the attestations; attested: a required attestation by an authority also counts as its signature',
      ),
    allowUnsigned: z
      .boolean()
      .default(false)
      .describe('Accept unsigned images (default false); every approval is then a WARNING event'),
  })
  .superRefine(finding(authoritiesOrOpen, requireWithinReach, attestedSignatures), ALWAYS)
  .describe('Whose signatures make a digest acceptable');

/** The trust policies by name. */
export const trustSchema = z
  .record(nameSchema, policySchema)
  .superRefine(finding(atMost(MAX_POLICIES)), ALWAYS)
  .describe('Trust policies by name, for images[].trust');

export type PolicyInput = z.output<typeof policySchema>;

function repositoryOf(text: string): string | Fault {
  const fix =
    'Write host/path without scheme, tag or digest, as in us-docker.pkg.dev/acme/signatures';
  const [host = '', ...path] = text.split('/');
  const isPlain = path.length > 0 && !path.some((segment) => /[:@]/.test(segment));
  try {
    if (isPlain && normaliseHost(host) !== undefined) return parseReference(text).repository;
  } catch {
    // A segment that no repository can have.
  }
  return { problem: 'Is not a repository', fix };
}

function* authoritiesOrOpen(value: unknown): ReturnType<Check> {
  const allowUnsigned = fieldOf(value, 'allowUnsigned');
  if (allowUnsigned !== true) {
    if (allowUnsigned !== false || fieldOf(value, 'authorities') !== undefined) return;
    const fix = 'Add authorities, or say allowUnsigned: true';
    yield { path: ['authorities'], kind: 'missing', problem: 'Trusts no signer', fix };
    return;
  }
  const attestations = fieldOf(value, 'attestations');
  for (const field of ['authorities', 'require', 'signatureRepository', 'attestations']) {
    const given = fieldOf(value, field);
    if (given === undefined || (field === 'attestations' && isEmptyList(attestations))) continue;
    const problem = 'Contradicts allowUnsigned: true';
    yield { path: [field], kind: 'conflict', problem, fix: `Remove ${field} or allowUnsigned` };
  }
}

/** An attestation that nothing asks for would count for whatever its signer attests of anything. */
function* attestedSignatures(value: unknown): ReturnType<Check> {
  if (fieldOf(value, 'signatures') !== 'attested') return;
  const attestations = fieldOf(value, 'attestations');
  if (attestations === undefined || isEmptyList(attestations)) {
    const problem = 'Takes attestations for signatures, and requires none';
    const fix = 'Add attestations, or remove signatures';
    yield { path: ['signatures'], kind: 'conflict', problem, fix };
  }
  const authorities = fieldOf(value, 'authorities');
  const claiming = (Array.isArray(authorities) ? authorities : []).some((authority) => {
    const annotations = fieldOf(authority, 'annotations');
    return isRecord(annotations) && Object.keys(annotations).length > 0;
  });
  if (!claiming) return;
  const problem = 'Contradicts the annotations of an authority, which attestations do not have';
  const fix = 'Remove the annotations, or signatures: attested';
  yield { path: ['signatures'], kind: 'conflict', problem, fix };
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function* requireWithinReach(value: unknown): ReturnType<Check> {
  const required = fieldOf(value, 'require');
  const authorities = fieldOf(value, 'authorities');
  if (typeof required !== 'number' || !Array.isArray(authorities)) return;
  if (required > authorities.length) {
    const problem = `Asks for ${required} of ${authorities.length} authorities, which nothing can meet`;
    const fix = `Write at most ${authorities.length}`;
    yield { path: ['require'], kind: 'bad-value', problem, fix };
  }
}
