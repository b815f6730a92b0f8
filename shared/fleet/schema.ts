import * as z from 'zod';

/** One page of a list; the objects themselves are read, one by one, by who asked. */
export const listSchema = z.object({
  metadata: z.object({ continue: z.string().optional() }).optional(),
  items: z.array(z.unknown()),
});

/** meta/v1 APIResourceList. */
export const resourcesSchema = z.object({ resources: z.array(z.object({ name: z.string() })) });

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
