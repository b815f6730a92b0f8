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
        'Bytes of all layers together, as they are in the registry (default: 67108864, 64 MiB); more is too-large, and is not fetched',
      examples: [DEFAULT_CONTENT.maxBytes],
    }),
    maxUnpackedBytes: bound(1, 8 * 1024 * MIB, DEFAULT_CONTENT.maxUnpackedBytes).meta({
      description:
        'Bytes of all layers together, uncompressed (default: 268435456, 256 MiB): a small layer can unpack to a thousand times its size',
      examples: [DEFAULT_CONTENT.maxUnpackedBytes],
    }),
    maxEntries: bound(1, 1_000_000, DEFAULT_CONTENT.maxEntries).meta({
      description:
        'Files, folders and links of all layers together (default: 50000): each is remembered while the image is read',
      examples: [DEFAULT_CONTENT.maxEntries],
    }),
    maxDepth: bound(1, 255, DEFAULT_CONTENT.maxDepth).meta({
      description: 'Segments of one path (default: 64)',
      examples: [DEFAULT_CONTENT.maxDepth],
    }),
    maxPathBytes: bound(1, 4_096, DEFAULT_CONTENT.maxPathBytes).meta({
      description:
        'Bytes of one path, or of what one link leads to (default: 1024; Linux allows 4096)',
      examples: [DEFAULT_CONTENT.maxPathBytes],
    }),
    timeout: durationSchema(SECOND_MS)
      .prefault('60s')
      .meta({
        description:
          'For reading all layers of one image (default: 60s); longer is a failure to check, and is retried',
        examples: ['60s'],
      }),
    empty: z
      .enum(['refuse', 'allow'])
      .default(DEFAULT_CONTENT.empty)
      .describe(
        'An image with nothing to apply in the folder that an RSync takes, for which Config Sync deletes all that it applied before: refuse (default) or allow',
      ),
  })
  .transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }))
  .describe('What reading the content of an image may cost, and whether it may be empty');

const match = z
  .string()
  .meta({ examples: ['us-docker.pkg.dev/acme/configs/**'] })
  .transform(parsed(parseImageGlob));

const image = z
  .strictObject({
    match: match.describe(
      'The repositories meant, as a glob over host/path without tag: * is one path segment, ** any; Helm: <repo path>/<chart>',
    ),
    trust: nameSchema.meta({
      description: 'Name of the trust policy that decides',
      examples: ['release'],
    }),
    effect: z
      .enum(['gate', 'pin'])
      .default('pin')
      .describe(
        'pin (default): the digest is written into the spec, and nothing else is pulled; gate: Config Sync follows the tag, the approval decides when',
      ),
    clusters: selectorSchema('tier != sandbox')
      .exactOptional()
      .describe(
        'Kubernetes label selector: only these memberships follow the image; without it all do',
      ),
    track: trackSchema.exactOptional(),
    unverified: z
      .enum(['wait', 'skip'])
      .exactOptional()
      .describe(
        'With versions under track, when the best one is not verified: wait (default) for it, or skip it for the next best',
      ),
    downgrade: z
      .enum(['allow', 'warn', 'deny'])
      .exactOptional()
      .describe(
        'What to do when a tag moves back to an older digest: allow, warn (default) or deny; when what is listed is lower than the version that was taken, deny is the default',
      ),
    rollout: nameSchema.exactOptional().meta({
      description:
        'Name of the strategy by which new digests reach the clusters; without it all at once',
      examples: ['fleet'],
    }),
    rollback: z
      .enum(['manual', 'pin'])
      .exactOptional()
      .describe(
        'With effect gate and a rollout, on a way back: manual (default): a person moves the tag; pin: the digest is written into the spec, and taken out again once the tag names another',
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
  .describe('How the images that match are treated');

/** The images that are followed; the first entry that matches decides. */
export const imagesSchema = z
  .array(image)
  .max(MAX_IMAGES)
  .superRefine(finding(distinct('match', 'Remove it: the first match wins')), ALWAYS)
  .describe('The images that are followed; the first entry that matches decides');

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
