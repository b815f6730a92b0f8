import * as z from 'zod';

// What the API answers, as far as it is used here: an older or newer service may say less or more.
const Sync = z.looseObject({
  cluster: z.string(),
  sync: z.string(),
  phase: z.string(),
  since: z.string().optional(),
  image: z.string().optional(),
  version: z.string().optional(),
  newest: z.string().optional(),
  verdict: z.string().optional(),
  readAt: z.string().optional(),
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
  since: z.string().optional(),
  message: z.string().optional(),
  ageSeconds: z.number().optional(),
});

export const Page = z.looseObject({
  clusters: z.array(Cluster),
  syncs: z.array(Sync),
  next: z.string().optional(),
});
export const Track = z.looseObject({
  listedAt: z.string(),
  candidates: z.array(
    z.looseObject({ tag: z.string(), version: z.string(), chosen: z.boolean(), why: z.string() }),
  ),
  ignored: z.array(
    z.looseObject({ count: z.number(), examples: z.array(z.string()), meaning: z.string() }),
  ),
  taken: z.array(z.looseObject({ tag: z.string(), syncs: z.number() })),
  warnings: z.array(z.string()),
  message: z.string(),
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
  readAt: z.string().optional(),
  steps: z.array(
    z.looseObject({
      step: z.string(),
      outcome: z.string(),
      finding: z.string(),
      details: z.array(z.string()),
    }),
  ),
  conclusion: z.string(),
  fix: z.looseObject({ command: z.string(), why: z.string() }).optional(),
});
export const Verdict = z.looseObject({
  image: z.string(),
  digest: z.string().optional(),
  index: z.string().optional(),
  version: z.string().optional(),
  passedOver: z.array(z.string()).optional(),
  policy: z.string().optional(),
  verdict: z.string(),
  message: z.string(),
  candidates: z.array(
    z.looseObject({
      source: z.string(),
      format: z.string(),
      predicateType: z.string().optional(),
      authority: z.string().optional(),
      reason: z.string().optional(),
      detail: z.string().optional(),
      identity: z.string().optional(),
    }),
  ),
  fix: z.string().optional(),
});
const Stage = z.looseObject({
  stage: z.string(),
  clusters: z.number(),
  live: z.number(),
  underWay: z.number(),
  failed: z.number(),
  failedBefore: z.number(),
  unreachable: z.number(),
  waiting: z.number(),
  ignored: z.number(),
  held: z.number(),
});
const Brief = z.looseObject({
  id: z.string(),
  image: z.string(),
  version: z.number(),
  digest: z.string(),
  status: z.string(),
  stage: z.string(),
  cause: z.string().optional(),
  startedAt: z.string().optional(),
  startedBy: z.string().optional(),
});
export const RolloutPage = z.looseObject({
  rollouts: z.array(Brief.extend({ stages: z.array(Stage), message: z.string() })),
  lost: z.array(z.string()),
  next: z.string().optional(),
});
const Lagging = z.looseObject({
  cluster: z.string(),
  standing: z.string(),
  sync: z.string().optional(),
  since: z.string().optional(),
  message: z.string().optional(),
});
export const Rollout = Brief.extend({
  kind: z.string(),
  previous: z.string().optional(),
  before: z.string().optional(),
  rejected: z.array(z.string()),
  next: z.looseObject({ digest: z.string() }).optional(),
  history: z.array(
    z.looseObject({ at: z.string(), by: z.string(), did: z.string(), reason: z.string() }),
  ),
  stages: z.array(Stage.extend({ lagging: z.array(Lagging) })),
  checks: z
    .array(
      z.object({
        name: z.string(),
        wants: z.string(),
        forMs: z.number(),
        outcome: z.string().optional(),
        since: z.string().optional(),
        value: z.string().optional(),
        problem: z.string().optional(),
      }),
    )
    .optional(),
  message: z.string(),
});
export const Decided = z.looseObject({
  rollout: Brief,
  touched: z
    .looseObject({
      clusters: z.number(),
      syncs: z.number(),
      list: z.array(
        z.looseObject({
          cluster: z.string(),
          sync: z.string(),
          before: z.string().optional(),
          after: z.string().optional(),
          why: z.string().optional(),
        }),
      ),
    })
    .optional(),
  message: z.string().optional(),
  needsTag: z.looseObject({ command: z.string() }).optional(),
});
const Freeze = z.looseObject({
  id: z.string(),
  image: z.string().optional(),
  clusters: z.string().optional(),
  by: z.string(),
  reason: z.string(),
  since: z.string(),
  until: z.string().optional(),
});
export const FreezeList = z.looseObject({ freezes: z.array(Freeze) });
export const FreezeAnswer = z.looseObject({
  dryRun: z.boolean(),
  freeze: Freeze,
  touched: z
    .looseObject({ clusters: z.number(), syncs: z.number(), waiting: z.number() })
    .optional(),
});
export const HoldsOrdered = z.looseObject({
  dryRun: z.boolean(),
  cluster: z.string(),
  syncs: z.array(z.looseObject({ sync: z.string(), before: z.string().optional() })),
  asked: z.boolean(),
});
export const HoldPage = z.looseObject({
  holds: z.array(
    z.looseObject({
      cluster: z.string(),
      sync: z.string(),
      image: z.string().optional(),
      state: z.string(),
      text: z.string(),
      by: z.string().optional(),
      reason: z.string().optional(),
      until: z.string().optional(),
      since: z.string().optional(),
      isOver: z.boolean(),
    }),
  ),
  unread: z.array(z.string()).optional(),
  next: z.string().optional(),
});
/** The first of a list, and how long it is. */
function listOf<T extends z.ZodType>(entry: T) {
  return z.object({ count: z.number(), first: z.array(entry) });
}
export const Plan = z.looseObject({
  image: z.string(),
  strategy: z.string(),
  digest: z.string().optional(),
  start: z.string(),
  previous: z.string().optional(),
  wayBack: z.string(),
  stages: z.array(
    z.looseObject({
      stage: z.string(),
      state: z.string(),
      members: z.number(),
      size: z.number(),
      turns: listOf(z.string()),
      underWay: z.number(),
      live: z.number(),
      held: z.number(),
      unreachable: z.number(),
      atOnce: z.number(),
      batches: z.number(),
      soakMs: z.number(),
      approval: z.object({ approvers: z.array(z.string()), missing: z.number() }).optional(),
      checks: z.object({ names: z.array(z.string()), forMs: z.number() }).optional(),
      signedBy: z.string().optional(),
      opensAt: z.string().optional(),
      opensOn: z.string().optional(),
      delays: z.array(z.string()),
      obstacle: z.string().optional(),
    }),
  ),
  clusters: z.number(),
  calls: z.number(),
  endsAt: z.string().optional(),
  minutes: z.number().optional(),
  overlaps: listOf(z.object({ cluster: z.string(), stages: z.array(z.string()) })),
  unpinned: listOf(
    z.object({ cluster: z.string(), sync: z.string(), code: z.string() }),
  ).optional(),
});
const HistoryEvent = z.looseObject({
  id: z.string(),
  time: z.string(),
  type: z.string(),
  severity: z.string(),
  image: z.string().optional(),
  cluster: z.string().optional(),
  sync: z.string().optional(),
  actor: z.string().optional(),
  reason: z.string().optional(),
  signer: z.string().optional(),
  revision: z.string().optional(),
  source: z.string().optional(),
  message: z.string(),
});
export const HistoryPage = z.looseObject({
  events: z.array(HistoryEvent),
  next: z.string().optional(),
});
export const Problem = z.looseObject({ detail: z.string(), code: z.string() });

export type Explanation = z.infer<typeof Explanation>;
export type Preview = z.infer<typeof Preview>;
export type Freeze = z.infer<typeof Freeze>;
export type FreezeAnswer = z.infer<typeof FreezeAnswer>;
export type Rollout = z.infer<typeof Rollout>;
export type RolloutPage = z.infer<typeof RolloutPage>;
export type Decided = z.infer<typeof Decided>;
export type HoldsOrdered = z.infer<typeof HoldsOrdered>;
export type HoldPage = z.infer<typeof HoldPage>;
export type HistoryEvent = z.infer<typeof HistoryEvent>;
export type Sync = z.infer<typeof Sync>;
export type Cluster = z.infer<typeof Cluster>;
