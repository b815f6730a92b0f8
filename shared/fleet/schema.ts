import * as z from 'zod';

/** One page of a list; the objects themselves are read, one by one, by who asked. */
export const listSchema = z.object({
  metadata: z.object({ continue: z.string().optional() }).optional(),
  items: z.array(z.unknown()),
});

/** meta/v1 APIResourceList. */
export const resourcesSchema = z.object({ resources: z.array(z.object({ name: z.string() })) });

/** version.Info, at `/version`. */
export const versionSchema = z.object({ gitVersion: z.string().max(256) });

/** authentication.k8s.io/v1 SelfSubjectReview, answered. */
export const selfSchema = z.object({
  status: z.object({ userInfo: z.object({ username: z.string().min(1).max(1_024) }) }),
});

/** apps/v1 Deployment of Config Sync's reconciler-manager. */
export const managerSchema = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.array(z.object({ name: z.string(), image: z.string().optional() })),
      }),
    }),
  }),
});

/** meta/v1 Status: the API server's own answer. */
export const statusSchema = z.object({
  kind: z.literal('Status'),
  message: z.string().optional(),
  details: z.object({ name: z.string().optional() }).nullish(),
});

/** The answer of a Google front end: IAM, quota, or no such membership (facts/google-cloud.md section 4). */
export const googleErrorSchema = z.object({
  error: z.object({ status: z.string().optional(), message: z.string().optional() }),
});

/** The parts of a kubeconfig that name members; credentials are read by client-node. */
export const kubeconfigSchema = z.object({
  contexts: z.array(z.object({ name: z.string().min(1) })).nullish(),
});

/** GKE Hub v1, `projects.locations.memberships.list`; memberships are read one by one. */
export const membershipsSchema = z.object({
  resources: z.array(z.unknown()).nullish(),
  nextPageToken: z.string().nullish(),
  /** Locations that did not answer Hub: what they hold is missing here, and not gone. */
  unreachable: z.array(z.string()).nullish(),
});

/** GKE Hub v1, Membership. Whoever registers a cluster chooses its id and labels. */
export const membershipSchema = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()).nullish(),
  state: z.object({ code: z.string().optional() }).nullish(),
  endpoint: z.object({ gkeCluster: z.object({}).nullish() }).nullish(),
});

/** Cloud Resource Manager v3, Project: its name carries the number. */
export const projectSchema = z.object({ name: z.string().regex(/^projects\/[0-9]{1,20}$/) });
