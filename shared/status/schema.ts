import * as z from 'zod';
import { CLUSTER_PHASES, PHASES, ROLLOUT_STATUSES } from '#shared/core/phase.ts';
import { ROLLOUT_CAUSES, ROLLOUT_STATES } from '#shared/core/rollout/record.ts';

/** Verdicts that a digest can get; mirrors `Verdict` of the core. */
export const VERDICTS = ['verified', 'unsigned', 'incomplete', 'untrusted', 'unusable'] as const;

const Count = z.number().int().nonnegative();
const Time = z.iso.datetime().describe('RFC 3339, UTC');

const Fault = z.strictObject({
  code: z.string().describe('KNV code without its prefix, or the code of a failure of Countersign'),
  message: z.string().describe('As Config Sync, or the part that failed, words it'),
});

/** Fields that every event has. */
const COMMON = {
  since: Time.describe('When what is reported began'),
  errors: z.array(Fault).describe('What is wrong; empty where nothing is'),
  message: z.string().describe('One sentence for people'),
};

const JUDGED = {
  verdict: z.enum(VERDICTS).optional().describe('What the policy makes of the digest'),
  authorities: z.array(z.string()).optional().describe('Authorities of the policy that verified'),
  signer: z.string().optional().describe('Whose signatures verified: keys, or certificates'),
  revision: z.string().optional().describe('org.opencontainers.image.revision of the image'),
  source: z.string().optional().describe('org.opencontainers.image.source of the image'),
  reasons: z.array(z.string()).optional().describe('Why candidate signatures do not count'),
};

const Release = z
  .string()
  .optional()
  .describe('Where versions are followed: the one that the digest is');

export const ImageData = z.strictObject({
  image: z.string().describe('The reference as it was pushed or asked for, in normal form'),
  digest: z.string().optional().describe('Absent where the tag could not be resolved'),
  index: z.string().optional().describe('The index that was pushed, where the digest is its child'),
  release: Release,
  policy: z.string().optional().describe('Hash of the trust policy'),
  ...JUDGED,
  ...COMMON,
});

export const SyncData = z.strictObject({
  image: z.string().optional().describe('Absent for a source that is no image any more'),
  digest: z.string().optional().describe('A digest; for Helm <host/path>/<chart>:<version>'),
  release: Release,
  cluster: z.string().describe('Full membership name, or kubeconfig context'),
  sync: z.string().describe('RootSync/<name> or RepoSync/<namespace>/<name>'),
  phase: z.enum(PHASES).describe('Where the RSync stands now'),
  previous: z
    .strictObject({ phase: z.enum(PHASES), since: Time })
    .optional()
    .describe('Where it stood when something was last reported of it'),
  reason: z.string().optional().describe('What led to it: push, signature, sweep or resync'),
  actor: z.string().optional().describe('Who asked, for a resync'),
  ...JUDGED,
  ...COMMON,
});

export const ClusterData = z.strictObject({
  cluster: z.string().describe('Full membership name, or kubeconfig context'),
  phase: z.enum(CLUSTER_PHASES).describe('Where the cluster stands now'),
  previous: z
    .strictObject({ phase: z.enum(CLUSTER_PHASES), since: Time })
    .optional()
    .describe('Where it stood when something was last reported of it'),
  ...COMMON,
});

export const ResyncData = z.strictObject({
  id: z.string().describe('What the API answered with; the tasks carry it'),
  actor: z.string().describe('Who asked'),
  image: z.string().optional().describe('The image asked for'),
  digest: z.string().optional().describe('The digest to be approved ahead of its tag'),
  cluster: z.string().optional().describe('The cluster asked for'),
  sync: z.string().optional().describe('The RSync asked for'),
  reason: z.string().optional().describe('What the caller wrote'),
  clusters: Count.describe('Clusters that were tasked'),
  ...COMMON,
});

export const FreezeData = z.strictObject({
  id: z.string().describe('Of the freeze: what lifts it'),
  image: z.string().optional().describe('The image or repository that is frozen; absent: all'),
  selector: z.string().optional().describe('Label selector of the clusters; absent: all'),
  until: Time.optional().describe('When it ends by itself; absent: when a person lifts it'),
  frozenBy: z.string().describe('Who set it'),
  actor: z.string().describe('Who set or lifted it; sweep, where its time has passed'),
  reason: z.string().describe('What that person wrote'),
  overdue: z.boolean().optional().describe('It still holds, a week after it was last published'),
  ...COMMON,
});

export const SweepData = z.strictObject({
  id: z.string().describe('Of this sweep; its tasks carry it'),
  clusters: Count.describe('Clusters of the fleet'),
  tasked: Count.describe('Clusters that were tasked by this sweep'),
  unsettled: Count.optional().describe('Of these, looked at every time'),
  unreachable: Count.optional().describe('Clusters out of reach'),
  periodSeconds: z.number().nonnegative().describe('Time in which the whole fleet is looked at'),
  configuredPeriodSeconds: z
    .number()
    .nonnegative()
    .optional()
    .describe('Shorter than periodSeconds where the budget of calls stretched it'),
  breakGlass: z.array(z.string()).optional().describe('<cluster>/<sync> with the glass broken'),
  ...COMMON,
});

export const RolloutData = z.strictObject({
  image: z.string().describe('The reference that is followed, in normal form'),
  digest: z.string().describe('What was approved last; with id, what the roll-out brings'),
  syncs: Count.describe('RSyncs that follow it, in all clusters that are known'),
  clusters: Count.describe('Clusters that have them'),
  live: Count.describe('RSyncs on which it is live'),
  failed: Count.describe('RSyncs that report a failure, or refuse it'),
  unreachable: Count.describe('RSyncs in clusters that cannot be looked at, where it was not live'),
  underWay: Count.describe(
    'The rest; with id, those that are approved or may be, and not live yet',
  ),
  waiting: Count.optional().describe('RSyncs that may not be approved yet'),
  held: Count.optional().describe('RSyncs that are held back'),
  lagging: z
    .array(
      z.strictObject({
        cluster: z.string(),
        sync: z.string(),
        phase: z.enum([...PHASES, ...CLUSTER_PHASES]),
        since: Time,
        message: z.string(),
      }),
    )
    .describe('RSyncs on which it is not live, the first of them where there are many'),
  previous: z
    .strictObject({ digest: z.string(), status: z.enum(ROLLOUT_STATUSES), since: Time })
    .optional()
    .describe('What was last reported of this image'),
  release: Release,
  id: z.string().optional().describe('Of the roll-out, where the image has a strategy'),
  stage: z.string().optional().describe('The stage that it is about'),
  status: z
    .enum(ROLLOUT_STATES)
    .optional()
    .describe('Where the roll-out stands then; absent where another one replaces it'),
  version: Count.optional().describe('Of its record: orders what is published of an image'),
  cause: z.enum(ROLLOUT_CAUSES).optional().describe('Why it stops or waits'),
  checks: z
    .array(z.string())
    .optional()
    .describe(
      'Checks of the stage that are not met, or not for long enough, where it is because of these',
    ),
  actor: z
    .string()
    .optional()
    .describe('Who decided, where a person did; of started, what brought it'),
  reason: z.string().optional().describe('What that person wrote'),
  noWayBack: z
    .literal(true)
    .optional()
    .describe(
      'Of started: the digest before is not in the registry any more, so that nothing could go back to it',
    ),
  ...COMMON,
});

export const HoldData = z.strictObject({
  cluster: z.string().describe('Full membership name, or kubeconfig context'),
  sync: z.string().describe('RootSync/<name> or RepoSync/<namespace>/<name>'),
  image: z.string().optional().describe('What it follows, as it was last seen'),
  actor: z
    .string()
    .optional()
    .describe(
      'Who decided; absent where it was done by hand; where overdue, whom the hold names, which may have been set by hand',
    ),
  reason: z.string().optional().describe('What that person wrote'),
  until: Time.optional().describe('Until when it is meant; it holds until it is lifted'),
  overdue: z
    .literal(true)
    .optional()
    .describe('It is there for a week or more, and is published again'),
  ...COMMON,
});

export const UncheckedData = z.strictObject({
  policies: z.array(z.string()).describe('Trust policies of the config that changed'),
  unchecked: Count.describe('RSyncs whose newest approval could not be judged'),
  syncs: Count.describe('RSyncs with an approval, in the whole fleet'),
  repositories: z.array(z.string()).describe('Repositories of these approvals, the first few'),
  ...COMMON,
});

export const BrakeData = z.strictObject({
  policies: z.array(z.string()).describe('Trust policies of the config that changed'),
  hashes: z.array(z.string()).describe('Hashes of these policies'),
  withdrawals: Count.describe('RSyncs whose newest approval would be withdrawn'),
  syncs: Count.describe('RSyncs with an approval, in the whole fleet'),
  brake: z.number().describe('sweep.withdrawBrake, as a share'),
  images: z.array(z.string()).describe('What would be withdrawn: <image>@<digest>, the first few'),
  ...COMMON,
});
