import type * as Kubernetes from '@kubernetes/client-node';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { ClusterDescription } from './cluster-api.ts';

/** version.Info, at `/version`. */
const versionSchema = z.object({ gitVersion: z.string().max(256) });

/** authentication.k8s.io/v1 SelfSubjectReview, answered. */
const selfSchema = z.object({
  status: z.object({ userInfo: z.object({ username: z.string().min(1).max(1_024) }) }),
});

/** apps/v1 Deployment of Config Sync's reconciler-manager. */
const managerSchema = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.array(z.object({ name: z.string(), image: z.string().optional() })),
      }),
    }),
  }),
});

/** Config Sync's own Deployment: the tag of its image is the only thing in a cluster that has its version. */
const MANAGER = { namespace: 'config-management-system', name: 'reconciler-manager' } as const;

/** `v1.32.4-gke.1106006`, `v1.21.1-rc.2`: what stands behind the numbers is the vendor's. */
const VERSION = /^v?(\d{1,4}\.\d{1,4}\.\d{1,4})(?![0-9.])/;

/**
 * What an API server answers about itself, its Config Sync, and Countersign's user. What may not be read is absent.
 * `call` runs each request. Throws what `call` throws of a cluster that cannot be reached.
 */
export async function describeCluster(
  kubernetes: typeof Kubernetes,
  configuration: Kubernetes.Configuration,
  call: (send: () => Promise<unknown>) => Promise<unknown>,
): Promise<ClusterDescription> {
  const version = new kubernetes.VersionApi(configuration);
  const authentication = new kubernetes.AuthenticationV1Api(configuration);
  const apps = new kubernetes.AppsV1Api(configuration);
  // After impersonation, hence as admission sees the user.
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const [running, self, manager] = await Promise.all([
    orUnknown(call(() => version.getCode())),
    orUnknown(call(() => authentication.createSelfSubjectReview({ body: review }))),
    orUnknown(call(() => apps.readNamespacedDeployment(MANAGER))),
  ]);
  const containers = managerSchema.safeParse(manager).data?.spec.template.spec.containers;
  const image = containers?.find(({ name }) => name === MANAGER.name)?.image;
  return defined({
    kubernetes: numbersOf(versionSchema.safeParse(running).data?.gitVersion),
    configSync: numbersOf(image?.split('@', 1)[0]?.split(':').at(-1)),
    user: selfSchema.safeParse(self).data?.status.userInfo.username,
  });
}

function numbersOf(version: string | undefined): string | undefined {
  return version === undefined ? undefined : VERSION.exec(version)?.[1];
}

/** A refusal, or a resource that is not there, is an answer of sorts. */
async function orUnknown(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked;
  } catch (error) {
    const unknown = ['cluster-forbidden', 'no-config-sync'];
    if (error instanceof CountersignError && unknown.includes(error.code)) return undefined;
    throw error;
  }
}
