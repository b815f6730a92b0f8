import * as z from 'zod';
import { type Check, ALWAYS, distinct, fieldOf, finding } from './check.ts';
import { contentSchema } from './schema-content.ts';
import { parseImageGlob } from './image-glob.ts';
import { MAX_IMAGES } from './limits.ts';
import { nameSchema } from './names.ts';
import { selectorSchema } from './selector.ts';

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

const match = z
  .string()
  .superRefine(
    finding(function* parses(text) {
      if (typeof text !== 'string') return;
      const glob = parseImageGlob(text);
      if ('problem' in glob) yield { kind: 'bad-value', ...glob };
    }),
  )
  .meta({ examples: ['us-docker.pkg.dev/acme/configs/**'] })
  .transform((text) => {
    const glob = parseImageGlob(text);
    return 'glob' in glob ? glob.glob : text;
  });

const image = z
  .strictObject({
    match: match.meta({
      description:
        'The repositories meant, as a glob over host/path without tag: * is one path segment, ** any; Helm: <repo path>/<chart>',
    }),
    trust: nameSchema().meta({
      description: 'Name of the trust policy that decides',
      examples: ['release'],
    }),
    effect: z
      .enum(['gate', 'pin'])
      .default('pin')
      .describe(
        'pin (default): the digest is written into the spec, and nothing else is pulled; gate: Config Sync follows the tag, the approval decides when',
      ),
    clusters: selectorSchema()
      .exactOptional()
      .meta({
        description:
          'Kubernetes label selector: only these memberships follow the image; without it all do',
        examples: ['tier != sandbox'],
      }),
    track: z
      .string()
      .regex(TAG, 'Is not a tag')
      .exactOptional()
      .meta({
        description: 'With effect pin: the tag to follow (default: the tag the image had)',
        examples: ['v1'],
      }),
    downgrade: z
      .enum(['allow', 'warn', 'deny'])
      .default('warn')
      .describe(
        'What to do when a tag moves back to an older digest: allow, warn (default) or deny',
      ),
    content: contentSchema.exactOptional(),
  })
  .superRefine(finding(trackNeedsPin), ALWAYS)
  .describe('How the images that match are treated');

/** The images that are followed; the first entry that matches decides. */
export const imagesSchema = z
  .array(image)
  .max(MAX_IMAGES)
  .superRefine(finding(distinct('match', 'Remove it: the first match wins')), ALWAYS)
  .describe('The images that are followed; the first entry that matches decides');

function* trackNeedsPin(value: unknown): ReturnType<Check> {
  if (fieldOf(value, 'track') === undefined || fieldOf(value, 'effect') !== 'gate') return;
  const fix =
    'Write effect: pin, or remove track: under gate Config Sync follows the tag by itself';
  yield { path: ['track'], kind: 'conflict', problem: 'Means nothing without effect: pin', fix };
}
