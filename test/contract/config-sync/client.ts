import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ConfigSyncUnderTest,
  type KubeRequest,
  type Live,
  liveSchema,
  type Place,
} from './subject.ts';

const API = '/apis/configsync.gke.io/v1beta1';
const MERGE = 'application/merge-patch+json';
const APPROVED = 'countersign.dev/approved';
export const IMAGE_TO_SYNC = 'configsync.gke.io/image-to-sync';

export type SeenCondition = Live['status']['conditions'][number];

/** What the suite does and sees, over one subject. */
export interface Client {
  /** An image of the subject's registry; `rest` is `:tag` or `@digest`. */
  image: (repository: string, rest: string) => string;
  create: (place: Place, spec: object, metadata?: object) => Promise<void>;
  merge: (place: Place, patch: object) => Promise<void>;
  remove: (place: Place) => Promise<void>;
  /** Replaces the whole list of approvals; empty withdraws all. */
  approve: (place: Place, approvals: string) => Promise<void>;
  /** Undefined when there is none. */
  find: (place: Place) => Promise<Live | undefined>;
  /** Waits until the object is as wanted, and gives it. */
  seen: (place: Place, wanted: (live: Live) => boolean) => Promise<Live>;
  gone: (place: Place) => Promise<void>;
  /** Takes every finalizer off what the test made, and waits until it is gone. */
  clear: () => Promise<void>;
}

/** A client that remembers what it created. */
export function createClient(subject: ConfigSyncUnderTest): Client {
  const made: Place[] = [];

  async function ask(send: ConfigSyncUnderTest['send'], request: KubeRequest): Promise<void> {
    const { status, body } = await send(request);
    if (status >= 300)
      throw new Error(`${request.method} ${request.path}: ${JSON.stringify(body)}`);
  }

  async function find(place: Place): Promise<Live | undefined> {
    const { status, body } = await subject.send({ method: 'GET', path: pathOf(place) });
    return status === 404 ? undefined : liveSchema.parse(body);
  }

  async function until<Found>(
    place: Place,
    look: (live: Live | undefined) => Found | undefined,
  ): Promise<Found> {
    const end = Date.now() + subject.patience;
    for (;;) {
      const live = await find(place);
      const found = look(live);
      if (found !== undefined) return found;
      if (Date.now() > end)
        throw new Error(`Never came: ${look.toString()} ${JSON.stringify(live)}`);
      await sleep(subject.poll);
    }
  }

  const merge = (place: Place, body: object): Promise<void> =>
    ask(subject.send, { method: 'PATCH', path: pathOf(place), type: MERGE, body });
  const remove = async (place: Place): Promise<void> => {
    const { status } = await subject.send({ method: 'DELETE', path: pathOf(place) });
    if (status >= 300 && status !== 404) throw new Error(`DELETE ${pathOf(place)}: ${status}`);
  };
  const gone = async (place: Place): Promise<void> => {
    await until(place, (live) => (live === undefined ? true : undefined));
  };

  return {
    image: (repository, rest) => `${subject.registry}/${repository}${rest}`,
    async create(place, spec, metadata = {}) {
      const { kind, namespace, name } = place;
      made.push(place);
      const body = {
        apiVersion: 'configsync.gke.io/v1beta1',
        kind,
        metadata: { name, namespace, ...metadata },
        spec,
      };
      await ask(subject.send, { method: 'POST', path: collectionOf(place), body });
    },
    merge,
    remove,
    async approve(place, approvals) {
      const body = { metadata: { annotations: { [APPROVED]: approvals } } };
      const request = { method: 'PATCH', path: pathOf(place), type: MERGE, body };
      await ask(subject.sendAsCountersign, request);
    },
    find,
    async seen(place, wanted) {
      return until(place, (live) => (live !== undefined && wanted(live) ? live : undefined));
    },
    gone,
    async clear() {
      for (const place of made.splice(0).toReversed()) {
        await remove(place);
        await gone(place);
      }
    },
  };
}

function pathOf(place: Place): string {
  return `${collectionOf(place)}/${place.name}`;
}

/** The condition of that type; undefined where there is none. */
export function conditionOf({ status }: Live, type: string): SeenCondition | undefined {
  return status.conditions.find((condition) => condition.type === type);
}

/** Whether `digest` is synced without any error. */
export function isSynced(digest: string): (live: Live) => boolean {
  return (live) => {
    const syncing = conditionOf(live, 'Syncing');
    const hex = digest.replace('sha256:', '');
    return (
      live.status.lastSyncedCommit === hex &&
      syncing?.['commit'] === hex &&
      syncing.status === 'False' &&
      live.status.source.errors === undefined
    );
  };
}

/** Whether `digest` was announced and refused. */
export function isRefused(digest: string): (live: Live) => boolean {
  return ({ status: { source } }) =>
    source.commit === digest.replace('sha256:', '') && source.errors?.[0]?.code === '2002';
}

function collectionOf({ kind, namespace }: Place): string {
  return `${API}/namespaces/${namespace}/${kind === 'RootSync' ? 'rootsyncs' : 'reposyncs'}`;
}
