import { createWriteStream } from 'node:fs';
import { access, constants, mkdir } from 'node:fs/promises';
import { join, basename } from 'node:path';
import { reasonOf } from '#shared/net/network-reason.ts';
import { LocalWorldError } from './local-world-error.ts';
import { type PubsubRest, TOPICS } from './pubsub.ts';
import { type LocalStages, describeStages } from './stages.ts';
import { SEEDED_SYNCS } from './syncs.ts';

/** Where a world keeps its files; they stay when it stops. */
export interface LocalWorldFiles {
  readonly dir: string;
  /** For people: user `local-admin`. */
  readonly kubeconfig: string;
  /** For the functions: Countersign's own identity, the only one that may write approvals. */
  readonly serviceKubeconfig: string;
  readonly privateKey: string;
  readonly publicKey: string;
  /** Of admission, for 127.0.0.1. */
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly config: string;
  readonly store: string;
  /** What roll-outs have decided. */
  readonly records: string;
  /** Every event that was published. */
  readonly history: string;
  /** Of real clusters: what their programs keep, and their logs. */
  readonly clusters: string;
  readonly logs: string;
  readonly worldLog: string;
  readonly lock: string;
  /** What a world that runs says of itself; `leftovers.ts` reads it. */
  readonly record: string;
}

export function filesIn(dir: string): LocalWorldFiles {
  return {
    dir,
    kubeconfig: join(dir, 'kubeconfig'),
    serviceKubeconfig: join(dir, 'countersign.kubeconfig'),
    privateKey: join(dir, 'cosign.key'),
    publicKey: join(dir, 'cosign.pub'),
    tlsCert: join(dir, 'tls.crt'),
    tlsKey: join(dir, 'tls.key'),
    config: join(dir, 'countersign.yaml'),
    store: join(dir, 'store.sqlite'),
    records: join(dir, 'records.sqlite'),
    // Beside the records, as the function names it.
    history: join(dir, 'records.sqlite.history'),
    clusters: join(dir, 'clusters'),
    logs: join(dir, 'logs'),
    worldLog: join(dir, 'logs', 'world.log'),
    lock: join(dir, 'world.lock'),
    record: join(dir, 'world.json'),
  };
}

/** Makes the folder where it is not there. Throws a LocalWorldError where nothing can be written into it. */
export async function makeFolder({ dir, logs }: LocalWorldFiles): Promise<void> {
  try {
    await mkdir(logs, { recursive: true });
    await access(dir, constants.W_OK);
  } catch (cause) {
    const message = `Nothing can be written into ${dir}${reasonOf(cause)}: choose another folder with --dir`;
    throw new LocalWorldError(message, { cause });
  }
}

/** People at the terminal. The embedded clusters believe the name that a client gives. */
export const LOCAL_ADMIN = 'local-admin';

/** Countersign's own user name, which alone may write approvals: the gate of every local cluster knows it. */
export const SERVICE_IDENTITY = 'countersign@local.iam.gserviceaccount.com';

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

/** Entries of those that follow versions. */
function trackedImages({
  registry,
  track,
}: {
  readonly registry: string;
  readonly track?: string | undefined;
}): string {
  if (track === undefined) return '';
  const [platform] = SEEDED_SYNCS;
  const places = [platform.image.replace(/:[^:]*$/, ''), 'configs/charts/*'];
  return places
    .map((place) => `  - { match: "${registry}/${place}", trust: release, track: ${track} }\n`)
    .join('');
}

/** The config of the local world: the real format, checked by `countersign config check`. Paths are relative to it. */
export function describeConfig(world: {
  readonly registry: string;
  readonly effect: Effect;
  readonly pubsub: Pick<PubsubRest, 'topicName'>;
  readonly files: LocalWorldFiles;
  /** Absent: a verified digest goes everywhere at once. */
  readonly stages?: LocalStages | undefined;
  /** What the platform's image and the charts follow, as YAML in one line; absent: the tag that each RSync names. */
  readonly track?: string | undefined;
}): string {
  const { registry, effect, files } = world;
  const staged = world.stages && describeStages(world.stages);
  const topic = (name: keyof typeof TOPICS): string => world.pubsub.topicName(TOPICS[name]);
  return `# Config of the local world, written anew each time it starts.
apiVersion: countersign.dev/v1

# Every context of this kubeconfig is a cluster. It holds the service's identity; ./${basename(files.kubeconfig)} is for people.
fleet:
  kubeconfig:
    path: ./${basename(files.serviceKubeconfig)}
${staged?.labels ?? ''}
registries:
  - { host: "${registry}", plainHttp: true, auth: none }

# Countersign follows these images and ${MEANING[effect]}.
# The gate refuses OCI sources that are not among them.
images:
${trackedImages(world)}${staged?.image({ registry, effect }) ?? ''}  - { match: "${followedImages(registry)}", trust: release, effect: ${effect} }
unmatched: deny
${staged?.rollouts ?? ''}
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

# What roll-outs have decided; losing it stops them, and moves nothing. Beside it, every event for \`countersign history\`.
records:
  sqlite: { path: ./${basename(files.records)} }
history: { days: 30 }

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
  history: { mode: none }
  api: { mode: none }
  admission: { mode: none }
`;
}

/** What the world's own parts have to say. */
interface WorldLog {
  /** A failure that some part goes on after. */
  readonly failure: (error: unknown) => void;
  close(): Promise<void>;
}

/**
 * Begins the file anew; `onLine` gets every line too.
 *
 * @example const log = openWorldLog(files.worldLog, (line) => onLine('world', line));
 */
export function openWorldLog(path: string, onLine: (line: string) => void): WorldLog {
  const file = createWriteStream(path);
  return {
    failure(error) {
      const line = describe(error);
      file.write(`${new Date().toISOString()} ${line}\n`);
      onLine(line);
    },
    close: () => new Promise((resolve) => file.end(() => resolve())),
  };
}

/** An error and what led to it, on one line: `fetch failed` alone says nothing. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause === undefined ? message : `${message} (${describe(cause)})`;
}
