import type * as Kubernetes from '@kubernetes/client-node';
import { CountersignError } from '#shared/core/errors.ts';
import type { ClusterDescription } from './cluster-api.ts';
import { managerSchema, selfSchema, versionSchema } from './schema.ts';

/** Config Sync's own Deployment: the tag of its image is the only thing in a cluster that tells its version. */
const MANAGER = { namespace: 'config-management-system', name: 'reconciler-manager' } as const;

/** `v1.32.4-gke.1106006`, `v1.21.1-rc.2`: what stands behind the numbers is the vendor's. */
const VERSION = /^v?(\d{1,4}\.\d{1,4}\.\d{1,4})(?![0-9.])/;

/**
 * What an API server says of itself, of its Config Sync, and of us. What it does not let us see is absent. `call` runs
 * each request. Throws what `call` throws of a cluster that cannot be reached.
 */
export async function describeCluster(
  kubernetes: typeof Kubernetes,
  configuration: Kubernetes.Configuration,
  call: (send: () => Promise<unknown>) => Promise<unknown>,
): Promise<ClusterDescription> {
  const version = new kubernetes.VersionApi(configuration);
  const authentication = new kubernetes.AuthenticationV1Api(configuration);
  const apps = new kubernetes.AppsV1Api(configuration);
  // After impersonation, hence as admission knows us.
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const [running, self, manager] = await Promise.all([
    orUnknown(call(() => version.getCode())),
    orUnknown(call(() => authentication.createSelfSubjectReview({ body: review }))),
    orUnknown(call(() => apps.readNamespacedDeployment(MANAGER))),
  ]);
  const containers = managerSchema.safeParse(manager).data?.spec.template.spec.containers;
  const image = containers?.find(({ name }) => name === MANAGER.name)?.image;
  const kubernetesVersion = numbersOf(versionSchema.safeParse(running).data?.gitVersion);
  const configSync = numbersOf(image?.split('@', 1)[0]?.split(':').at(-1));
  const user = selfSchema.safeParse(self).data?.status.userInfo.username;
  return {
    ...(kubernetesVersion === undefined ? {} : { kubernetes: kubernetesVersion }),
    ...(configSync === undefined ? {} : { configSync }),
    ...(user === undefined ? {} : { user }),
  };
}

function numbersOf(version: string | undefined): string | undefined {
  return version === undefined ? undefined : VERSION.exec(version)?.[1];
}

/** A refusal, or a resource that is not there, is an answer of sorts. */
async function orUnknown(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked;
  } catch (error) {
    const refused = error instanceof CountersignError && UNKNOWN.has(error.code);
    if (!refused) throw error;
    return undefined;
  }
}

const UNKNOWN = new Set<string>(['cluster-forbidden', 'no-config-sync']);
