import { join } from 'node:path';
import { type Kube, startKube } from '#infra/local/kube/start-kube.ts';
import type { RunningFunction } from '#infra/local/local-world/functions.ts';
import { startFirestoreEmulator } from '../tools/firestore-emulator.ts';
import { createEndpointFront, createFirestoreFront, createGatewayFront } from './clusters.ts';
import { createDeliveries, type Deliveries } from './deliveries.ts';
import { type Front, startFront } from './front.ts';
import { type Functions, openFunctions } from './functions.ts';
import { type Installation, openInstallation } from './installation.ts';
import { openPrograms, type Programs } from './programs.ts';
import { createRegistryFront } from './registry.ts';

export const PROJECT = 'acme-prod';
export const REGION = 'us-central1';
export const PERSON = 'user:ops@acme.example';
export const IMAGE = `${REGION}-docker.pkg.dev/${PROJECT}/configs/platform`;
export const KEY = `gcpkms://projects/${PROJECT}/locations/${REGION}/keyRings/countersign/cryptoKeys/release/cryptoKeyVersions/1`;

/** The cluster of the fleet, at GKE; its DNS endpoint is open, and is called where the config says so. */
export const CLUSTER = `projects/${PROJECT}/locations/${REGION}/clusters/c1`;
export const ENDPOINT = `gke-4f1c-123456789012.${REGION}.gke.goog`;

const ROOT = join(import.meta.dirname, '../../..');
const RSYNCS = '/apis/configsync.gke.io/v1beta1/namespaces/config-management-system/rootsyncs';

/** One project as the module leaves it, with a cluster, a signed config, and an RSync that pulls it. */
export interface World {
  readonly installation: Installation;
  readonly front: Front;
  readonly programs: Programs;
  readonly functions: Functions;
  readonly deliveries: Deliveries;
  /** Of the config that was published and signed. */
  readonly digest: string;
  /** countersign.yaml as the module made it. */
  readonly config: string;
  /** Starts a function, or starts it anew, as an IAM member. */
  start(name: string, member: string): Promise<void>;
  /** Publishes and signs a config of these manifests, or of those of before, at tag v1; its digest. */
  publish(manifests?: string): Promise<string>;
  /** What is recorded of roll-outs. */
  rollouts(): Promise<readonly { readonly status: string; readonly digest: string }[]>;
  /** Begins anew: nothing is remembered in the store, in the records or in the cluster. */
  forget(): Promise<void>;
  urlOf(name: string): string;
  tasksOf(topic: string): readonly Readonly<Record<string, unknown>>[];
  /** What the RSync's annotation says. */
  approved(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Applies the example of one project with `edits`, publishes a config and registers a cluster. */
export async function openWorld(
  edits: readonly (readonly [from: string, to: string])[] = [],
): Promise<World> {
  const variables = [`-var=project_id=${PROJECT}`, '-var=people=["ops@acme.example"]'];
  const [installation, firestore, kube] = await Promise.all([
    openInstallation('single-project', variables),
    startFirestoreEmulator(),
    startKube({ name: 'c1' }),
  ]);
  const { google, edit, apply } = installation;
  await edit('images = [{', 'waits = { bindings = 0, metrics = 0 }\n  images = [{');
  for (const [from, to] of edits) await edit(from, to);
  const applied = await apply();
  if (applied.code !== 0) throw new Error(applied.text);
  google.add(`gkehub/projects/${PROJECT}/locations/${REGION}/memberships/c1`, {
    endpoint: { gkeCluster: { resourceLink: `//container.googleapis.com/${CLUSTER}` } },
    state: { code: 'READY' },
  });
  google.add(`container/${CLUSTER}`, {
    name: 'c1',
    location: REGION,
    controlPlaneEndpointsConfig: {
      dnsEndpointConfig: { endpoint: ENDPOINT, allowExternalTraffic: true },
    },
  });
  const front = await startFront(google, [
    createRegistryFront(google),
    createGatewayFront(google, kube.url),
    createEndpointFront(google, kube.url),
    createFirestoreFront(google, firestore.host),
  ]);
  const programs = await openPrograms(front);
  const script = ['bash', join(ROOT, 'infra/examples/publish-config/publish.sh')];

  async function publish(manifests?: string): Promise<string> {
    const more = manifests === undefined ? {} : { MANIFESTS: manifests };
    const done = await programs.run(PERSON, script, { IMAGE, TAG: 'v1', KEY, ...more });
    if (done.code !== 0) throw new Error(done.stderr);
    return done.stdout.trim().split('@')[1] ?? '';
  }

  const digest = await publish();
  const version = `secretmanager/projects/${PROJECT}/secrets/countersign-config/versions/1`;
  const { data } = Object(google.resources.get(version)).payload;
  const config = Buffer.from(data, 'base64').toString('utf8');
  const functions = await openFunctions(front, config);
  const running = new Map<string, RunningFunction>();
  await createRootSync(kube);

  return {
    installation,
    front,
    programs,
    functions,
    digest,
    config,
    deliveries: createDeliveries({
      google,
      project: PROJECT,
      region: REGION,
      urlOf: (name) => running.get(name)?.url,
    }),
    async start(name, member) {
      await running.get(name)?.stop();
      running.set(name, await functions.start(name, member));
    },
    publish,
    async rollouts() {
      const url = `http://${firestore.host}/v1/${documentsOf('countersign-records')}/rollouts`;
      const { documents = [] } = Object(await (await fetch(url)).json());
      return documents.map((document: unknown) =>
        JSON.parse(Object(document).fields.record.stringValue),
      );
    },
    async forget() {
      for (const database of ['countersign', 'countersign-records']) {
        const url = `http://${firestore.host}/emulator/v1/${documentsOf(database)}`;
        await fetch(url, { method: 'DELETE' });
      }
      await fetch(`${kube.url}${RSYNCS}/root-sync`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify({ metadata: { annotations: null } }),
      });
    },
    urlOf(name) {
      const url = running.get(name)?.url;
      if (url === undefined) throw new Error(`${name} does not run`);
      return url;
    },
    tasksOf: (topic) => google.published.get(`projects/${PROJECT}/topics/${topic}`) ?? [],
    async approved() {
      const answer = await fetch(`${kube.url}${RSYNCS}/root-sync`);
      return Object(await answer.json()).metadata.annotations?.['countersign.dev/approved'];
    },
    async close() {
      await functions.close();
      await programs.close();
      await front.close();
      await Promise.all([kube.close(), firestore.close(), installation.close()]);
    },
  };
}

const documentsOf = (database: string): string =>
  `projects/${PROJECT}/databases/${database}/documents`;

async function createRootSync(kube: Kube): Promise<void> {
  const answer = await fetch(`${kube.url}${RSYNCS}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'configsync.gke.io/v1beta1',
      kind: 'RootSync',
      metadata: { name: 'root-sync', namespace: 'config-management-system' },
      spec: {
        sourceType: 'oci',
        oci: { image: `${IMAGE}:v1`, dir: '.', auth: 'k8sserviceaccount' },
      },
    }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
