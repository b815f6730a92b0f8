import type { KubeObject, Store } from '../kube/store.ts';

const TEAM = 'team-a';
/** How often Config Sync asks the registry for the tag; the stand-in's pace shortens it. */
const OCI_PERIOD = '15s';

/** The two objects that every local cluster has (docs/quick-start.md). */
export const SEEDED_SYNCS = [
  {
    plural: 'rootsyncs',
    kind: 'RootSync',
    namespace: 'config-management-system',
    name: 'root-sync',
    image: 'configs/platform:v1',
  },
  {
    plural: 'reposyncs',
    kind: 'RepoSync',
    namespace: TEAM,
    name: 'repo-sync',
    image: 'configs/team-a:v1',
  },
] as const;

/** Seeds a RootSync and a RepoSync that follow images of `registry`. */
export function seedSyncs(store: Store, registry: string): void {
  store.put('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: TEAM, labels: { 'kubernetes.io/metadata.name': TEAM } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
  for (const seed of SEEDED_SYNCS) store.put(seed.plural, describeSync(seed, registry));
}

function describeSync(
  { kind, namespace, name, image }: (typeof SEEDED_SYNCS)[number],
  registry: string,
): KubeObject {
  return {
    apiVersion: 'configsync.gke.io/v1beta1',
    kind,
    metadata: { name, namespace },
    spec: {
      sourceFormat: 'unstructured',
      sourceType: 'oci',
      oci: { image: `${registry}/${image}`, dir: '.', auth: 'none', period: OCI_PERIOD },
    },
  };
}
