import * as z from 'zod';
import { DEFAULT_CONTENT } from '#shared/core/content.ts';
import { durationSchema } from './duration.ts';

const MIB = 1024 * 1024;
const SECOND_MS = 1_000;

/** What reading one image may cost, and whether it may be empty. */
export const contentSchema = z
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

function bound(min: number, max: number, usual: number): z.ZodDefault<z.ZodNumber> {
  return z
    .number()
    .int('Is not a whole number')
    .min(min, `Is less than ${min}`)
    .max(max, `Is more than ${max}`)
    .default(usual);
}
