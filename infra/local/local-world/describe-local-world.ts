import { relative } from 'node:path';
import { shellWord } from '#shared/core/shell-word.ts';
import { STATUS_SUBSCRIPTION } from './pubsub.ts';
import type { LocalWorld } from './start-local-world.ts';
import { SEEDED_SYNCS } from './syncs.ts';

/** How a world is described. */
interface Describing {
  /** Paths are as seen from here. */
  readonly cwd: string;
  /** The folder of the command, where it is not in PATH. */
  readonly launcher?: string | undefined;
  /** Whether it began without images. */
  readonly empty: boolean;
  /** The folder of the real Config Sync; absent: the stand-in. */
  readonly configSync?: string | undefined;
}

/** More clusters than these are in the kubeconfig alone. */
const SHOWN = 5;

/** The parts of a world that are named. */
type Described = Pick<LocalWorld, 'registry' | 'functions' | 'clusters' | 'files' | 'traces'> & {
  readonly pubsub: Pick<LocalWorld['pubsub'], 'host' | 'project'>;
};

/** Where everything is, and what to type next. */
export function describeWorld(
  world: Described,
  { cwd, launcher, empty, configSync }: Describing,
): string {
  const { registry, pubsub, functions, clusters, files, traces } = world;
  const at = (path: string): string => shellWord(relative(cwd, path) || '.');
  const image = `${registry}/${SEEDED_SYNCS[0].image}`;
  const layer = 'application/vnd.oci.image.layer.v1.tar+gzip';
  const first = clusters[0]?.name;
  const api = functions.get('api')?.url;
  const kubectl = `kubectl --kubeconfig ${at(files.kubeconfig)} --context ${first}`;
  const urls = [...functions.values()].map(
    ({ name, url, pid }) => [name, `${url}, process ${pid}`] as const,
  );
  const places = [
    ['registry', registry],
    ['Pub/Sub', `${pubsub.host}, project ${pubsub.project}`],
    ...urls,
    ...clusters.slice(0, SHOWN).map(({ name, url }) => [name, url] as const),
    ...(configSync === undefined
      ? []
      : [['Config Sync', `the real one, at its own pace; logs in ${at(files.clusters)}`] as const]),
    ['config', at(files.config)],
    ['kubeconfig', `${at(files.kubeconfig)}, contexts ${nameAll(clusters)}`],
    ['signing key', `${at(files.privateKey)}, empty password`],
    ['logs', at(files.logs)],
    ...(traces === undefined ? [] : [['traces', `${traces.url}/traces`] as const]),
  ] as const;
  const table = places.map(([name, place]) => `  ${name.padEnd(12)} ${place}`).join('\n');
  return `The local world is up; Ctrl-C stops it.

${table}

Watch a cluster, in another terminal:
  ${kubectl} get rootsyncs -A -w

${empty ? EMPTY : SEEDED}

Push an image, as crane or as oras does:
  printf 'apiVersion: v1\\nkind: Namespace\\nmetadata: { name: hello }\\n' > namespace.yaml
  tar czf namespace.tar.gz namespace.yaml
  crane append --oci-empty-base -f namespace.tar.gz -t ${image}
  oras push --plain-http ${image} namespace.tar.gz:${layer}

Sign it (older versions of cosign 2 have no --use-signing-config):
  export COSIGN_PASSWORD=
  cosign sign --yes --key ${at(files.privateKey)} --tlog-upload=false --use-signing-config=false ${image}

See the fleet on its page, ${api}/, or here:
  export COUNTERSIGN_URL=${api}
${launcher === undefined ? '' : `  export PATH="$PWD"/${at(launcher)}:"$PATH"\n`}  countersign status
  countersign explain ${first} RootSync/${SEEDED_SYNCS[0].name}
  countersign verify ${image}
  countersign resync --cluster ${first} --dry-run

Rehearse an outage: what is pushed meanwhile is delivered when the function is back:
  countersign local stop push --dir ${at(files.dir)}
  countersign local start push --dir ${at(files.dir)}

See what was written, and what Countersign says of it:
  ${kubectl} get rootsync root-sync -n config-management-system -o yaml
  curl -s -H 'content-type: application/json' -d '{"maxMessages": 100}' \\
    http://${pubsub.host}/v1/projects/${pubsub.project}/subscriptions/${STATUS_SUBSCRIPTION}:pull
`;
}

const EMPTY =
  'Nothing is pushed yet, so that the status topic has one WARNING (image.unusable) for each tag that clusters follow.';
const SEEDED = `Every cluster runs ${SEEDED_SYNCS.map(({ image }) => image).join(' and ')}, which are signed.`;

function nameAll(clusters: LocalWorld['clusters']): string {
  const names = clusters.map(({ name }) => name);
  return names.length > SHOWN ? `${names[0]} to ${names.at(-1)}` : names.join(' ');
}
