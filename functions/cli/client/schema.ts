import * as z from 'zod';

// What the API answers, as far as it is used here: an older or newer service may say less or more.
const Sync = z.looseObject({
  cluster: z.string(),
  sync: z.string(),
  phase: z.string(),
  digest: z.string().optional(),
  registryDigest: z.string().optional(),
  liveDigest: z.string().optional(),
  breakGlass: z.string().optional(),
  message: z.string(),
  errors: z.array(z.object({ code: z.string(), message: z.string() })),
});
const Cluster = z.looseObject({
  cluster: z.string(),
  phase: z.string(),
  ageSeconds: z.number().optional(),
});

export const Page = z.looseObject({
  clusters: z.array(Cluster),
  syncs: z.array(Sync),
  next: z.string().optional(),
});
export const Accepted = z.looseObject({ id: z.string(), clusters: z.number() });
export const Preview = z.looseObject({
  clusters: z.number(),
  looked: z.number(),
  syncs: z.array(
    z.looseObject({ cluster: z.string(), sync: z.string(), change: z.string(), why: z.string() }),
  ),
  unread: z.array(z.looseObject({ cluster: z.string(), message: z.string() })),
});
export const Explanation = z.looseObject({
  phase: z.string().optional(),
  steps: z.array(
    z.looseObject({
      step: z.string(),
      outcome: z.string(),
      finding: z.string(),
      details: z.array(z.string()),
    }),
  ),
  conclusion: z.string(),
});
export const Verdict = z.looseObject({
  image: z.string(),
  digest: z.string().optional(),
  verdict: z.string(),
  message: z.string(),
  candidates: z.array(
    z.looseObject({ source: z.string(), format: z.string(), reason: z.string().optional() }),
  ),
});
export const Problem = z.looseObject({ detail: z.string(), code: z.string() });

export type Sync = z.infer<typeof Sync>;
export type Cluster = z.infer<typeof Cluster>;
