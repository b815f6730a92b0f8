import * as z from 'zod';

/** What needs a person, the worst first (docs/page.md#what-needs-a-person). */
export const CAUSES = [
  'unguarded',
  'break-glass',
  'untrusted',
  'unusable',
  'refused',
  'blocked',
  'failed',
  'stalled',
  'unapproved',
  'forbidden',
  'unreachable',
  'no-config-sync',
  'unchecked',
  'unsettled',
  'incomplete',
  'unsigned',
] as const;

/** Bounds of one note: tenants own images, errors and names, and a note is read with each page. */
export const MAX_CAUSES = 150;
export const MAX_TALLIED_IMAGES = 200;
export const MAX_TALLIED_STAGES = 20;
export const MAX_LIVE = 5;
export const MAX_LABELS = 8;
export const MAX_LABEL_VALUES = 12;
export const MAX_TALLIED_ROLLOUTS = 20;
export const MAX_EXAMPLES = 3;

const Count = z.int().min(0);
const Time = z.iso.datetime();
/** By phase. */
const Phases = z.record(z.string(), Count);

const Cause = () =>
  z.object({
    kind: z.enum(CAUSES),
    image: z.string().exactOptional(),
    /** Codes of the verdict, or of Config Sync's first error. */
    reason: z.string().exactOptional(),
    phase: z.string().exactOptional(),
    /** What was said of the first one. */
    detail: z.string().exactOptional(),
    clusters: Count,
    syncs: Count,
    /** What most of them run. */
    running: z.string().exactOptional(),
    since: Time,
    examples: z
      .array(z.object({ cluster: z.string(), sync: z.string().exactOptional() }))
      .max(MAX_EXAMPLES),
  });

const Image = () =>
  z.object({
    image: z.string(),
    /** What its tag named at the newest change. */
    digest: z.string().exactOptional(),
    verdict: z.string().exactOptional(),
    syncs: Count,
    /** Of these, what an operator should look at; absent in a count of an earlier version. */
    unwell: Count.exactOptional(),
    clusters: Count,
    /** When the newest change of an RSync that follows it was. */
    since: Time,
    phases: Phases,
    /** What runs, the most first. */
    live: z.array(z.object({ digest: z.string(), syncs: Count })).max(MAX_LIVE),
    /** Of those whose last look found a stage. */
    stages: z.array(z.object({ stage: z.string(), phases: Phases })).max(MAX_TALLIED_STAGES),
  });

const Label = () =>
  z.object({
    key: z.string(),
    values: z
      .array(z.object({ value: z.string(), clusters: Count, phases: Phases }))
      .max(MAX_LABEL_VALUES),
  });

const Rollout = () =>
  z.object({
    id: z.string(),
    version: z.int(),
    stages: z
      .array(
        z.object({
          stage: z.string(),
          open: z.boolean(),
          clusters: Count,
          live: Count,
          underWay: Count,
          failed: Count,
          failedBefore: Count,
          unreachable: Count,
          waiting: Count,
          ignored: Count,
          held: Count,
        }),
      )
      .max(MAX_TALLIED_STAGES),
    message: z.string(),
  });

/** The fleet in numbers, as a sweep has counted it: what the first screen is made from where a fleet is large. */
export const TallyFields = z.lazy(() =>
  z.object({
    at: Time,
    clusters: Count,
    syncs: Count,
    /** The oldest reading of a cluster that is in reach. */
    readAt: Time.exactOptional(),
    /** The newest change of an RSync or cluster. */
    changedAt: Time.exactOptional(),
    /** Of RSyncs and clusters. */
    phases: Phases,
    /** Clusters and RSyncs that an operator should look at. */
    unwell: Count,
    causes: z.array(Cause()).max(MAX_CAUSES),
    images: z.array(Image()).max(MAX_TALLIED_IMAGES),
    labels: z.array(Label()).max(MAX_LABELS),
    rollouts: z.array(Rollout()).max(MAX_TALLIED_ROLLOUTS),
    /** What found no room here. */
    left: z.object({ causes: Count, images: Count }),
  }),
);
