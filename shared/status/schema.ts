import * as z from 'zod';
import { CLUSTER_PHASES, PHASES, ROLLOUT_STATUSES } from '#shared/core/phase.ts';
import { ROLLOUT_CAUSES, ROLLOUT_STATES } from '#shared/core/rollout/record.ts';
import { VERSION_WAITS } from '#shared/core/track/choose.ts';

/** Verdicts that a digest can get; mirrors `Verdict` of the core. */
export const VERDICTS = ['verified', 'unsigned', 'incomplete', 'untrusted', 'unusable'] as const;

const Count = z.number().int().nonnegative();
const Time = z.iso.datetime().describe('RFC 3339, UTC');

const Fault = z.strictObject({
  code: z
    .string()
    .describe('Code of a Config Sync error without KNV, or an error code of Countersign'),
  message: z.string().describe('The text of Config Sync, or of the part that failed'),
});

/** Fields that every event has. */
const COMMON = {
  since: Time.describe('When the reported state began'),
  errors: z.array(Fault).describe('What is wrong; empty if nothing is'),
  message: z.string().describe('One sentence for people'),
};

const JUDGED = {
  verdict: z.enum(VERDICTS).optional().describe('Verdict of the policy on the digest'),
  authorities: z.array(z.string()).optional().describe('Authorities of the policy that verified'),
  signer: z.string().optional().describe('Whose signatures verified: keys, or certificates'),
  revision: z.string().optional().describe('org.opencontainers.image.revision of the image'),
  source: z.string().optional().describe('org.opencontainers.image.source of the image'),
  reasons: z
    .array(z.string())
    .optional()
    .describe('Why the signatures that were found do not count'),
};

const Release = z
  .string()
  .optional()
  .describe('The version of this digest, for images that follow versions');

export const ImageData = z.strictObject({
  image: z.string().describe('The pushed or requested reference, normalised'),
  digest: z.string().optional().describe('Absent if the tag could not be resolved'),
  index: z.string().optional().describe('The pushed index, if the digest is its child'),
  release: Release,
  policy: z.string().optional().describe('Hash of the trust policy'),
  ...JUDGED,
  ...COMMON,
});

export const SyncData = z.strictObject({
  image: z.string().optional().describe('Absent if the source is no longer an image'),
  digest: z
    .string()
    .optional()
    .describe('A digest; for a Helm chart <host/path>/<chart>:<version>'),
  release: Release,
  cluster: z.string().describe('Full membership name, or kubeconfig context'),
  sync: z.string().describe('RootSync/<name> or RepoSync/<namespace>/<name>'),
  phase: z.enum(PHASES).describe('Present phase of the RSync'),
  previous: z
    .strictObject({ phase: z.enum(PHASES), since: Time })
    .optional()
    .describe('Its phase in the event before'),
  reason: z.string().optional().describe('What caused it: push, signature, sweep or resync'),
  actor: z.string().optional().describe('Who asked for the resync'),
  ...JUDGED,
  ...COMMON,
});

export const ClusterData = z.strictObject({
  cluster: z.string().describe('Full membership name, or kubeconfig context'),
  phase: z.enum(CLUSTER_PHASES).describe('Present phase of the cluster'),
  previous: z
    .strictObject({ phase: z.enum(CLUSTER_PHASES), since: Time })
    .optional()
    .describe('Its phase in the event before'),
  ...COMMON,
});

export const ResyncData = z.strictObject({
  id: z.string().describe('Returned by the API, and part of each task'),
  actor: z.string().describe('Who asked'),
  image: z.string().optional().describe('The requested image'),
  digest: z.string().optional().describe('The digest to approve before its tag moves'),
  cluster: z.string().optional().describe('The requested cluster'),
  sync: z.string().optional().describe('The requested RSync'),
  reason: z.string().optional().describe('The reason that the caller gave'),
  clusters: Count.describe('Clusters that got a task'),
  ...COMMON,
});

export const FreezeData = z.strictObject({
  id: z.string().describe('Id by which the freeze is lifted'),
  image: z.string().optional().describe('The frozen image or repository; absent: all'),
  selector: z.string().optional().describe('Label selector of the clusters; absent: all'),
  until: Time.optional().describe('When it ends by itself; absent: when a person lifts it'),
  frozenBy: z.string().describe('Who set it'),
  actor: z.string().describe('Who set or lifted it; sweep if it expired'),
  reason: z.string().describe('The reason that this person gave'),
  overdue: z.boolean().optional().describe('It still applies, a week after its last event'),
  ...COMMON,
});

export const SweepData = z.strictObject({
  id: z.string().describe('Id of this sweep, and part of each of its tasks'),
  clusters: Count.describe('Clusters of the fleet'),
  tasked: Count.describe('Clusters that got a task from this sweep'),
  unsettled: Count.optional().describe('Of these, clusters that every sweep looks at'),
  unreachable: Count.optional().describe('Unreachable clusters'),
  periodSeconds: z
    .number()
    .nonnegative()
    .describe('Time in which the whole fleet is looked at once'),
  configuredPeriodSeconds: z
    .number()
    .nonnegative()
    .optional()
    .describe('sweep.period; shorter than periodSeconds if the budget of calls did not suffice'),
  breakGlass: z
    .array(z.string())
    .optional()
    .describe('<cluster>/<sync> of each RSync under break-glass'),
  ...COMMON,
});

export const RolloutData = z.strictObject({
  image: z.string().describe('The followed reference, normalised'),
  digest: z.string().describe('The digest approved last; with id, the digest of the roll-out'),
  syncs: Count.describe('RSyncs that follow the image, in all known clusters'),
  clusters: Count.describe('Clusters of these RSyncs'),
  live: Count.describe('RSyncs on which the digest is live'),
  failed: Count.describe('RSyncs that report a failure or refuse the digest'),
  unreachable: Count.describe('RSyncs in unreachable clusters, where it was not live'),
  underWay: Count.describe(
    'All others; with id, RSyncs that are or may be approved and are not live',
  ),
  waiting: Count.optional().describe('RSyncs that may not be approved yet'),
  held: Count.optional().describe('RSyncs under a hold'),
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
    .describe('The first RSyncs on which it is not live'),
  previous: z
    .strictObject({ digest: z.string(), status: z.enum(ROLLOUT_STATUSES), since: Time })
    .optional()
    .describe('The event of this image before'),
  release: Release,
  id: z.string().optional().describe('Id of the roll-out, if the image has a strategy'),
  stage: z.string().optional().describe('The stage concerned'),
  status: z
    .enum(ROLLOUT_STATES)
    .optional()
    .describe('State of the roll-out; absent if another one replaces it'),
  version: Count.optional().describe('Version of its record: orders the events of an image'),
  cause: z
    .enum([...ROLLOUT_CAUSES, ...VERSION_WAITS])
    .optional()
    .describe('Why it stops or waits'),
  checks: z
    .array(z.string())
    .optional()
    .describe(
      'Checks of the stage that fail or have not held for long enough, if they are the cause',
    ),
  actor: z.string().optional().describe('The person who decided; for started, the cause'),
  reason: z.string().optional().describe('The reason that this person gave'),
  noWayBack: z
    .literal(true)
    .optional()
    .describe(
      'For started: the registry no longer has the previous digest, so a rollback to it is impossible',
    ),
  ...COMMON,
});

export const HoldData = z.strictObject({
  cluster: z.string().describe('Full membership name, or kubeconfig context'),
  sync: z.string().describe('RootSync/<name> or RepoSync/<namespace>/<name>'),
  image: z.string().optional().describe('The image that it follows, as last seen'),
  actor: z
    .string()
    .optional()
    .describe(
      'Who decided; absent if it was done by hand. If overdue, the person whom the hold names',
    ),
  reason: z.string().optional().describe('The reason that this person gave'),
  until: Time.optional().describe('Intended end; the hold lasts until it is lifted'),
  overdue: z
    .literal(true)
    .optional()
    .describe('It has lasted for a week or more and is published again'),
  ...COMMON,
});

export const UncheckedData = z.strictObject({
  policies: z.array(z.string()).describe('The changed trust policies of the config'),
  unchecked: Count.describe('RSyncs whose newest approval could not be checked'),
  syncs: Count.describe('RSyncs with an approval, in the whole fleet'),
  repositories: z.array(z.string()).describe('The first repositories of these approvals'),
  ...COMMON,
});

export const BrakeData = z.strictObject({
  policies: z.array(z.string()).describe('The changed trust policies of the config'),
  hashes: z.array(z.string()).describe('Hashes of these policies'),
  withdrawals: Count.describe('RSyncs whose newest approval would be withdrawn'),
  syncs: Count.describe('RSyncs with an approval, in the whole fleet'),
  brake: z.number().describe('sweep.withdrawBrake, as a share'),
  images: z.array(z.string()).describe('The first <image>@<digest> that would be withdrawn'),
  ...COMMON,
});
