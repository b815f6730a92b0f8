import { basename } from 'node:path';
import type { WorldFiles } from './files.ts';
import { LOCAL_ADMIN, SERVICE_IDENTITY } from './identities.ts';
import type { PubsubRest } from './pubsub-rest.ts';
import { TOPICS } from './topics.ts';

/** `images[].effect` of the local world. */
export type Effect = 'gate' | 'pin';

/** What each effect does, as the config's comment says it. */
const MEANING = {
  pin: 'writes each verified digest into the spec',
  gate: 'approves each verified digest, and Config Sync follows the tag',
} as const;

/** Images that the local policy covers, as a glob. */
export function followedImages(registry: string): string {
  return `${registry}/configs/**`;
}

/** The config of the local world: the real format, checked by `npm run check-config`. Paths are relative to it. */
export function describeConfig(world: {
  readonly registry: string;
  readonly effect: Effect;
  readonly pubsub: Pick<PubsubRest, 'topicName'>;
  readonly files: WorldFiles;
}): string {
  const { registry, effect, files } = world;
  const topic = (name: keyof typeof TOPICS): string => world.pubsub.topicName(TOPICS[name]);
  return `# Config of the local world, written anew each time it starts.
apiVersion: countersign.dev/v1

# Every context of this kubeconfig is a cluster. It holds the service's identity; ./${basename(files.kubeconfig)} is for people.
fleet:
  kubeconfig: { path: ./${basename(files.serviceKubeconfig)} }

registries:
  - { host: "${registry}", plainHttp: true, auth: none }

# Countersign follows these images and ${MEANING[effect]}.
# The gate refuses OCI sources that are not among them.
images:
  - { match: "${followedImages(registry)}", trust: release, effect: ${effect} }
unmatched: deny

# One key must have signed: \`cosign sign --key ${basename(files.privateKey)}\`, password empty.
trust:
  release:
    authorities:
      - name: release-key
        key: { file: ./${basename(files.publicKey)} }
        transparencyLog: ignore

topics:
  tasks: ${topic('tasks')}
  sweepTasks: ${topic('sweepTasks')}
  resyncTasks: ${topic('resyncTasks')}
  status: ${topic('status')}
  deadLetters: ${topic('deadLetters')}

store:
  sqlite: { path: ./${basename(files.store)} }

# Settled clusters are looked at once in each period, unsettled ones by every sweep.
sweep: { period: 1m }

gate:
  identity: ${SERVICE_IDENTITY}
  breakGlass: [${LOCAL_ADMIN}]

# Everything listens on loopback only, and answers to anyone there.
access:
  push: { mode: none }
  cluster: { mode: none }
  sweep: { mode: none }
  api: { mode: none }
  admission: { mode: none }
`;
}
