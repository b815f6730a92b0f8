import * as z from 'zod';
import { DEFAULT_CONTENT } from '#shared/core/content.ts';
import { ALWAYS, type Check, distinct, fieldOf, finding, parsed } from './check.ts';
import { parseImageGlob } from './image-rules.ts';
import { MAX_IMAGES } from './limits.ts';
import { durationSchema, nameSchema, selectorSchema } from './scalars.ts';
import { readTrack, trackSchema } from './schema-track.ts';

const MIB = 1024 * 1024;
const SECOND_MS = 1_000;

/** What reading one image may cost, and whether it may be empty. */
const contentSchema = z
  .strictObject({
    maxBytes: bound(1, 1024 * MIB, DEFAULT_CONTENT.maxBytes).meta({
      description:
        'Bytes of all layers in the registry (default: 67108864, 64 MiB); a larger image is too-large and is not fetched',
      examples: [DEFAULT_CONTENT.maxBytes],
    }),
    maxUnpackedBytes: bound(1, 8 * 1024 * MIB, DEFAULT_CONTENT.maxUnpackedBytes).meta({
      description: 'Bytes of all layers, uncompressed (default: 268435456, 256 MiB)',
      examples: [DEFAULT_CONTENT.maxUnpackedBytes],
    }),
    maxEntries: bound(1, 1_000_000, DEFAULT_CONTENT.maxEntries).meta({
      description: 'Files, folders and links of all layers (default: 50000)',
      examples: [DEFAULT_CONTENT.maxEntries],
    }),
    maxDepth: bound(1, 255, DEFAULT_CONTENT.maxDepth).meta({
      description: 'Segments of one path (default: 64)',
      examples: [DEFAULT_CONTENT.maxDepth],
    }),
    maxPathBytes: bound(1, 4_096, DEFAULT_CONTENT.maxPathBytes).meta({
      description: 'Bytes of one path or link target (default: 1024; Linux allows 4096)',
      examples: [DEFAULT_CONTENT.maxPathBytes],
    }),
    timeout: durationSchema(SECOND_MS)
      .prefault('60s')
      .meta({
        description:
          'Time to read all layers of one image (default: 60s); after that the check fails and is retried',
        examples: ['60s'],
      }),
    empty: z
      .enum(['refuse', 'allow'])
      .default(DEFAULT_CONTENT.empty)
      .describe(
        'An image with nothing to apply in the folder of the RSync, for which Config Sync deletes all: refuse (default) or allow',
      ),
  })
  .transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }))
  .describe('Bounds for reading the content of an image, and whether it may be empty');

const match = z
  .string()
  .meta({ examples: ['us-docker.pkg.dev/acme/configs/**'] })
  .transform(parsed(parseImageGlob));

const image = z
  .strictObject({
    match: match.describe(
      'Repositories, as a glob over host/path without tag: * is one path segment, ** any number; Helm: <repo path>/<chart>',
    ),
    trust: nameSchema.meta({
      description: 'Name of the trust policy',
      examples: ['release'],
    }),
    effect: z
      .enum(['gate', 'pin'])
      .default('pin')
      .describe(
        'pin (default): Countersign writes the digest into the spec; gate: Config Sync follows the tag, and the gate waits for the approval',
      ),
    clusters: selectorSchema('tier != sandbox')
      .exactOptional()
      .describe(
        'Kubernetes label selector: the memberships that may follow the image; without it all',
      ),
    track: trackSchema.exactOptional(),
    unverified: z
      .enum(['wait', 'skip'])
      .exactOptional()
      .describe(
        'With versions under track, if the best one is not verified: wait for it (default: wait), or skip to the next best',
      ),
    downgrade: z
      .enum(['allow', 'warn', 'deny'])
      .exactOptional()
      .describe(
        'When a tag moves back to an older digest: allow, warn (default) or deny; for versions under track, deny is the default',
      ),
    rollout: nameSchema.exactOptional().meta({
      description:
        'Name of the roll-out strategy; without it new digests reach all clusters at once',
      examples: ['fleet'],
    }),
    rollback: z
      .enum(['manual', 'pin'])
      .exactOptional()
      .describe(
        'With effect gate and a rollout, at a rollback: manual (default): a person moves the tag; pin: Countersign writes the digest into the spec, and removes it once the tag names another',
      ),
    content: contentSchema.exactOptional(),
  })
  .superRefine(finding(trackNeedsPin), ALWAYS)
  .superRefine(finding(rollbackNeedsGate), ALWAYS)
  .superRefine(finding(unverifiedNeedsVersions), ALWAYS)
  .transform(({ track, ...entry }) => ({
    ...entry,
    ...(track !== undefined && { track: readTrack(track) }),
    downgrade: entry.downgrade ?? (typeof track === 'object' ? 'deny' : 'warn'),
  }))
  .describe('How matching images are treated');

/** The images that are followed; the first entry that matches decides. */
export const imagesSchema = z
  .array(image)
  .max(MAX_IMAGES)
  .superRefine(finding(distinct('match', 'Remove it: the first match wins')), ALWAYS)
  .describe('The followed images; the first entry that matches decides');

function* trackNeedsPin(value: unknown): ReturnType<Check> {
  const track = fieldOf(value, 'track');
  if (track === undefined || fieldOf(value, 'effect') !== 'gate') return;
  const fix =
    typeof track === 'object'
      ? 'Write effect: pin, or remove track: under gate Config Sync follows a tag by itself, and no version'
      : 'Write effect: pin, or remove track: under gate Config Sync follows the tag by itself';
  yield { path: ['track'], kind: 'conflict', problem: 'Means nothing without effect: pin', fix };
}

function* unverifiedNeedsVersions(value: unknown): ReturnType<Check> {
  if (fieldOf(value, 'unverified') === undefined) return;
  if (typeof fieldOf(value, 'track') === 'object') return;
  const problem = 'Means nothing without versions under track';
  const fix = 'Remove it: a tag has no second best';
  yield { path: ['unverified'], kind: 'conflict', problem, fix };
}

function* rollbackNeedsGate(value: unknown): ReturnType<Check> {
  if (fieldOf(value, 'rollback') === undefined) return;
  const isGate = fieldOf(value, 'effect') === 'gate';
  if (isGate && fieldOf(value, 'rollout') !== undefined) return;
  const problem = isGate ? 'Means nothing without a rollout' : 'Means nothing without effect: gate';
  const fix = isGate
    ? 'Name a strategy under rollout, or remove it'
    : 'Remove it: a pin moves back';
  yield { path: ['rollback'], kind: 'conflict', problem, fix };
}

function bound(min: number, max: number, usual: number): z.ZodDefault<z.ZodNumber> {
  return z
    .number()
    .int('Is not a whole number')
    .min(min, `Is less than ${min}`)
    .max(max, `Is more than ${max}`)
    .default(usual);
}
