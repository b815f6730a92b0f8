import * as z from 'zod';

// As far as it is used here, as everything that the API answers.
const Need = z.looseObject({
  kind: z.string(),
  severity: z.string(),
  title: z.string(),
  detail: z.string().optional(),
  clusters: z.number(),
  syncs: z.number(),
  examples: z.array(z.looseObject({ cluster: z.string(), sync: z.string().optional() })),
  since: z.string().optional(),
  waitsFor: z.string().optional(),
  command: z.string().optional(),
});
const OverviewImage = z.looseObject({
  image: z.string(),
  digest: z.string().optional(),
  verdict: z.string().optional(),
  syncs: z.number(),
  phases: z.record(z.string(), z.number()),
  stages: z
    .array(z.looseObject({ stage: z.string(), phases: z.record(z.string(), z.number()) }))
    .optional(),
});
export const Overview = z.looseObject({
  state: z.string(),
  sentence: z.string(),
  since: z.string().optional(),
  asOf: z.string(),
  oldestReadingSeconds: z.number().optional(),
  partial: z.boolean().optional(),
  clusters: z.number(),
  syncs: z.number(),
  unwell: z.number(),
  phases: z.record(z.string(), z.number()),
  needs: z.array(Need),
  images: z.array(OverviewImage),
  left: z.looseObject({ causes: z.number(), images: z.number() }).optional(),
});

export type Need = z.infer<typeof Need>;
export type Overview = z.infer<typeof Overview>;
export type OverviewImage = z.infer<typeof OverviewImage>;
