import { ATTACKS, namespacesOf } from '#test/hostile/gate/attacks.ts';
import { SETUP_USER } from '#test/hostile/gate/run-attack.ts';
import { nameOf, type Variant, variantPolicy } from '#test/hostile/gate/variant.ts';
import { type SyncCluster, until } from './sync-cluster.ts';

const API = 'admissionregistration.k8s.io/v1';
/** Of a namespace: the variant that is in force there. */
const LABEL = 'gate-variant';
/** An RSync of this name is refused by every variant, with the variant's name. */
const PROBE = 'probe';

/** Many variants of the gate in one cluster, one of them in force. */
export interface VariantGates {
  /** Puts a variant in force in every namespace of the table; returns once each refuses a probe in its name. */
  guard(variant: Variant): Promise<void>;
}

/** Installs every variant that is asked for, each bound to the namespaces that carry its name. */
export async function installGates(
  cluster: SyncCluster,
  variants: readonly Variant[],
): Promise<VariantGates> {
  const namespaces = namespacesOf(ATTACKS);
  for (const name of namespaces) {
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  const distinct = new Map(variants.map((variant) => [nameOf(variant), variant]));
  for (const variant of distinct.values()) await install(cluster, variant);
  let current = '';
  return {
    async guard(variant) {
      const name = nameOf(variant);
      if (name === current) return;
      await Promise.all(namespaces.map((namespace) => label(cluster, namespace, name)));
      await Promise.all(
        namespaces.map((namespace) => until(() => isInForce(cluster, namespace, name))),
      );
      current = name;
    },
  };
}

async function install(cluster: SyncCluster, variant: Variant): Promise<void> {
  const name = `countersign-gate-${nameOf(variant)}`;
  const { matchConditions = [], validations, ...spec } = variantPolicy(variant);
  await cluster.apply({
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      ...spec,
      matchConditions: [
        ...matchConditions,
        {
          name: 'not-setup',
          expression: `request.userInfo.username != ${JSON.stringify(SETUP_USER)}`,
        },
      ],
      validations: [
        {
          expression: `object.metadata.name != "${PROBE}"`,
          message: nameOf(variant),
          reason: 'Invalid',
        },
        ...validations,
      ],
    },
  });
  await cluster.apply({
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: {
      policyName: name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { [LABEL]: nameOf(variant) } } },
    },
  });
}

async function label(cluster: SyncCluster, namespace: string, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}`;
  const type = 'application/merge-patch+json';
  await cluster.send({
    method: 'PATCH',
    path,
    type,
    body: { metadata: { labels: { [LABEL]: name } } },
  });
}

async function isInForce(cluster: SyncCluster, namespace: string, name: string): Promise<boolean> {
  const path = `/apis/configsync.gke.io/v1beta1/namespaces/${namespace}/reposyncs?dryRun=All`;
  const body = {
    apiVersion: 'configsync.gke.io/v1beta1',
    kind: 'RepoSync',
    metadata: { name: PROBE, namespace },
    spec: { sourceType: 'git' },
  };
  const answer = await cluster.send({ method: 'POST', path, body });
  return answer.status === 422 && JSON.stringify(answer.body).includes(`denied request: ${name}"`);
}
