import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { APPROVED } from '#shared/core/annotations.ts';
import { createRSyncs } from '#shared/configsync/rsyncs.ts';
import { createClusterApi } from '#shared/fleet/client.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import { createKubeconfigFleet } from '#shared/fleet/kubeconfig-fleet.ts';
import { kubeconfigDeps } from '#test/fixtures/kubeconfig-fleet.ts';
import { A } from '#test/fixtures/digests.ts';
import type { RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import { readPublicRSyncs } from './tools/public-rsyncs/read-places.ts';
import { collectionOf, startSyncCluster, type SyncCluster } from './tools/sync-cluster.ts';

/** As many as are asked for: a list that shrinks is noticed. */
const AT_LEAST = 60;
const Live = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.unknown(),
});
const Spec = z.looseObject({
  sourceType: z.string().default('git'),
  oci: z.looseObject({ image: z.string() }).optional(),
  helm: z.looseObject({ repo: z.string(), chart: z.string() }).optional(),
});

const folder = process.env['COUNTERSIGN_PUBLIC_RSYNCS'] ?? '';
if (folder === '') {
  const layout = 'OWNER/NAME below it is a clone of each repository of places.json';
  throw new Error(`COUNTERSIGN_PUBLIC_RSYNCS names no folder; ${layout}`);
}
const { crds, manifests } = await readPublicRSyncs(folder);

let cluster: SyncCluster;
let api: ClusterApi;
const unreadable: string[] = [];
const rsyncs = createRSyncs({ onUnreadable: (_, problem) => unreadable.push(problem) });

beforeAll(async () => {
  cluster = await startSyncCluster({ crds, everybodyMay: true });
  const path = await cluster.kubeconfig('countersign@acme.iam.gserviceaccount.com');
  const options = { path, contexts: [], labels: {} };
  const fleet = createKubeconfigFleet(options, kubeconfigDeps(), createClusterApi);
  api = await fleet.connect({ name: 'real', id: 'real', labels: {} });
});
afterAll(() => cluster?.close());

it(`are at least ${AT_LEAST}, some of each source`, () => {
  expect(manifests.length).toBeGreaterThanOrEqual(AT_LEAST);
  const types = new Set(manifests.map(({ manifest }) => sourceOf(manifest)['type']));
  expect(types).toEqual(new Set(['oci', 'helm', 'other', 'invalid']));
});

it.each(manifests)('$from is stored, read and approved', async ({ manifest }) => {
  const { namespace } = manifest.metadata;
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const path = collectionOf(manifest);
  const stored = await cluster.send({ method: 'POST', path, body: manifest });
  onTestFinished(() => cluster.remove(manifest));
  expect(stored.body).toMatchObject({ kind: manifest.kind });

  const [rsync, ...others] = await rsyncs.list(api);
  if (rsync === undefined) throw new Error('It is not listed');
  expect(others).toEqual([]);
  expect(unreadable).toEqual([]);
  expect(rsync.source).toMatchObject(sourceOf(manifest));

  await rsyncs.write(api, rsync, { annotations: { [APPROVED]: A } });
  const live = Live.parse(await cluster.read(manifest));
  expect(live.metadata.annotations).toEqual({ ...manifest.metadata.annotations, [APPROVED]: A });
  expect(live.spec).toEqual(Live.parse(stored.body).spec);
});

/** A template may leave the whole place open; its variable is no place. */
const HAS_HOST = /^(?:oci:\/\/)?[^/:]*(?:\.|:\d)[^/]*\//;

/** What Countersign is to read, by the manifest alone. */
function sourceOf({ spec }: RSyncManifest): Readonly<Record<string, unknown>> {
  const { sourceType, oci, helm } = Spec.parse(spec);
  const place = sourceType === 'oci' ? oci?.image : helm?.repo;
  if (place === undefined || /^https?:/.test(place)) return { type: 'other', sourceType };
  if (!HAS_HOST.test(`${place}/`)) return { type: 'invalid' };
  if (sourceType === 'oci') return { type: 'oci', image: place };
  return { type: 'helm', repo: place, chart: helm?.chart };
}
