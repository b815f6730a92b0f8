import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalWorldError } from '../local-world/local-world-error.ts';

/** The commit of its sources that the contract suite last passed with. */
const TRIED = 'bd5fadf7';

/** What runs: the manager, and the containers of a reconciler's pod. */
const BINARIES = [
  'reconciler-manager',
  'reconciler',
  'oci-sync',
  'helm-sync',
  'hydration-controller',
] as const;

/** Config Sync's own CRDs and roles, below `manifests`; what else is there is not needed. */
export const MANIFESTS = [
  'cluster-registry-crd.yaml',
  'cluster-selector-crd.yaml',
  'hierarchyconfig-crd.yaml',
  'namespace-selector-crd.yaml',
  'reposync-crd.yaml',
  'resourcegroup-crd.yaml',
  'rootsync-crd.yaml',
  'ns-reconciler-base-cluster-role.yaml',
  'ns-reconciler-cluster-scope-cluster-role.yaml',
  'root-reconciler-base-cluster-role.yaml',
  'reconciler-manager-service-account.yaml',
] as const;

/** The Deployment of a reconciler, as reconciler-manager reads it. */
export const TEMPLATE = join('templates', 'reconciler-manager-configmap.yaml');

/** Turns off a port that every binary would take. */
const LINKER = '-X sigs.k8s.io/controller-runtime/pkg/metrics/server.DefaultBindAddress=0';

/** Throws a LocalWorldError that names each binary and manifest that is not in the folder, and how to build it. */
export async function requireConfigSync(folder: string): Promise<void> {
  const binaries = BINARIES.map((name) => join('bin', name));
  const manifests = [...MANIFESTS, TEMPLATE].map((name) => join('manifests', name));
  const missing = [
    ...(await findMissing(folder, binaries, constants.X_OK)),
    ...(await findMissing(folder, manifests, constants.R_OK)),
  ];
  if (missing.length === 0) return;
  const list = missing.map((path) => `  ${path}`).join('\n');
  throw new LocalWorldError(
    `--config-sync: ${folder} has not all of Config Sync. Missing:\n${list}\n${explainBuild(folder)}`,
  );
}

async function findMissing(
  folder: string,
  paths: readonly string[],
  mode: number,
): Promise<readonly string[]> {
  const found = await Promise.all(
    paths.map((path) =>
      access(join(folder, path), mode).then(
        () => true,
        () => false,
      ),
    ),
  );
  return paths.filter((_, at) => !found[at]);
}

/** In a checkout of Config Sync's sources, as its own image is built (`build/all/Dockerfile` there). */
function explainBuild(folder: string): string {
  const commands = BINARIES.map((name) => `./cmd/${name}`).join(' ');
  return `Build it from its sources, https://github.com/GoogleContainerTools/kpt-config-sync (tried: ${TRIED}), there:
  CGO_ENABLED=0 go build -mod=vendor -ldflags "${LINKER}" -o ${join(folder, 'bin')}/ ${commands}
  cp -r manifests ${folder}/
Charts need helm, and kustomizations kustomize: in ${join(folder, 'bin')}, or in PATH`;
}
