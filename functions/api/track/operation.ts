import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { answerOf, answersOf, ImageName, Time } from '../schema.ts';

export const TrackQuery = z.strictObject({
  image: ImageName,
  kind: z
    .enum(['image', 'chart'])
    .optional()
    .meta({ description: 'Whether the repository holds charts: their tags write + as _' }),
});

const Count = z.int().min(0);

const CandidateView = z.object({
  tag: z.string(),
  version: z.string().describe('What is compared'),
  digest: z.string().optional().describe('What the tag names, where the listing says so'),
  chosen: z.boolean().describe('It is the one to follow'),
  why: z.string().describe('Why it is chosen or passed over'),
});

export const TrackAnswer = z
  .object({
    image: z.string().describe('The repository, host/path'),
    kind: z.enum(['image', 'chart']),
    track: z.record(z.string(), z.unknown()).describe('As the config has it'),
    listedAt: Time.describe('When the tags were listed'),
    complete: z
      .boolean()
      .describe('False: there are more tags than are listed, and nothing is chosen'),
    listed: Count.describe('Tags that were listed'),
    matching: Count.describe('Tags that are versions of the track'),
    taken: z
      .array(z.object({ version: z.string(), tag: z.string(), syncs: Count }))
      .describe('Versions that RSyncs have taken, the most frequent first'),
    candidates: z.array(CandidateView).describe('The best first; of many, the first ones'),
    ignored: z
      .array(
        z.object({
          why: z.string(),
          count: Count,
          examples: z.array(z.string()),
          meaning: z.string(),
        }),
      )
      .describe('Tags that are not versions of the track, by reason'),
    warnings: z.array(z.string()),
    message: z.string().describe('One sentence: which version is followed, or why none is'),
  })
  .meta({ id: 'Track' });

export type TrackQuery = z.infer<typeof TrackQuery>;
export type TrackAnswer = z.infer<typeof TrackAnswer>;

export const trackRoute = createRoute({
  method: 'get',
  path: '/v1/track',
  operationId: 'readTrack',
  summary: 'The versions of an image, as they would be chosen',
  description:
    'Of an image whose entry of the config follows versions. From the last listing, or by a new one where there is none.',
  request: { query: TrackQuery },
  responses: answersOf({
    200: answerOf(TrackAnswer, 'What there is to choose from, and why the one is chosen'),
  }),
});
