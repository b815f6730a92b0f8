import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentedBlock } from '#test/docs/blocks.ts';
import { WEBHOOK_CALLS, type WebhookCall } from '#test/fixtures/webhook/webhook-calls.ts';
import {
  type RecordingWebhook,
  startRecordingWebhook,
} from '#test/fixtures/webhook/recording-webhook.ts';
import {
  pointService,
  readSecret,
  startWebhookCluster,
  type WebhookCluster,
} from '#test/fixtures/webhook/webhook-cluster.ts';
import { repoSync, rootSync, type RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import type { KubeAnswer } from '#infra/local/real/kube-request.ts';
import { collectionOf, pathOf, until } from './tools/sync-cluster.ts';

let cluster: WebhookCluster;
let webhook: RecordingWebhook;

beforeAll(async () => {
  cluster = await startWebhookCluster({ everybodyMay: true });
  await cluster.shell(documentedBlock('webhook-keys'));
  await cluster.shell(documentedBlock('webhook-apply'), { IMAGE: 'registry.example/x:v1' });
  await pointService(cluster);
  const pair = await readSecret(cluster, 'webhook-tls');
  const [cert, key] = [pair.get('tls.crt'), pair.get('tls.key')];
  if (cert === undefined || key === undefined) throw new Error('webhook-tls is not complete');
  const certificate = { cert, key };
  webhook = await startRecordingWebhook({ address: cluster.address, port: 10250, certificate });
});
afterAll(async () => {
  await webhook?.close();
  await cluster?.close();
});

describe.each(Object.entries(WEBHOOK_CALLS))('of %s the webhook hears', (_, calls) => {
  it.each(calls)('$asked when there is $title', async (call) => {
    const manifest = call.old ?? call.create;
    if (manifest === undefined) throw new Error('The case has no object');
    await cluster.remove(manifest);
    if (call.old !== undefined) await cluster.apply(call.old);
    webhook.reviews.splice(0);
    expect((await write(call, manifest)).status).toBeLessThan(300);
    const { reviews } = webhook;
    expect(reviews.map(({ request }) => request.operation)).toEqual(call.asked);
    for (const { apiVersion, request } of reviews) {
      const { version = 'v1beta1' } = call;
      expect({ apiVersion, version: request.resource.version }).toEqual({
        apiVersion: 'admission.k8s.io/v1',
        version,
      });
    }
  });
});

function write(call: WebhookCall, manifest: RSyncManifest): Promise<KubeAnswer> {
  const { create, patch, subresource, version = 'v1beta1' } = call;
  const object = { ...manifest, apiVersion: `configsync.gke.io/${version}` };
  if (create !== undefined) {
    return cluster.send({ method: 'POST', path: collectionOf(object), body: object });
  }
  const path = subresource === undefined ? pathOf(object) : `${pathOf(object)}/${subresource}`;
  if (patch === undefined) return cluster.send({ method: 'DELETE', path });
  const type = 'application/merge-patch+json';
  return cluster.send({ method: 'PATCH', path, type, body: patch });
}

it('asks for the decision in a dry run too', async () => {
  const manifest = rootSync({ 'configsync.gke.io/image-to-sync': 'x' }, undefined, 'dry');
  webhook.reviews.splice(0);
  const path = `${collectionOf(manifest)}?dryRun=All`;
  expect((await cluster.send({ method: 'POST', path, body: manifest })).status).toBe(201);
  expect(webhook.reviews).toHaveLength(1);
});

describe('with the component unchanged/', () => {
  const VALUE = { 'configsync.gke.io/image-to-sync': 'x@sha256:y' };

  beforeAll(async () => {
    await cluster.shell(`
      mkdir -p infra/kubernetes/webhook/mine
      cat > infra/kubernetes/webhook/mine/kustomization.yaml <<'EOF'
{ apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, resources: [../openssl], components: [../unchanged] }
EOF
      kubectl apply -k infra/kubernetes/webhook/mine
    `);
    await pointService(cluster);
  });

  async function patch(
    object: RSyncManifest,
    body: object,
    user?: string,
  ): Promise<readonly string[]> {
    webhook.reviews.splice(0);
    const type = 'application/merge-patch+json';
    const by = user === undefined ? {} : { user };
    const answer = await cluster.send({ method: 'PATCH', path: pathOf(object), type, body, ...by });
    expect(answer.status).toBe(200);
    // A server whose cache was behind asks once more, about the same request.
    return [...new Set(webhook.reviews.map(({ request }) => request.operation))];
  }

  it.each([
    ['RootSync', rootSync(VALUE, undefined, 'again'), 'root-reconciler-again'],
    ['RepoSync', repoSync(VALUE, 'again'), 'ns-reconciler-team-a-again-5'],
  ])('the reconciler of a %s is heard each time, and no other user', async (_, object, name) => {
    const reconciler = `system:serviceaccount:config-management-system:${name}`;
    const manager = 'system:serviceaccount:config-management-system:reconciler-manager';
    await cluster.apply(object);
    const again = { metadata: { annotations: VALUE } };
    await until(async () => (await patch(object, again, reconciler)).length === 1);
    const finalizers = ['configsync.gke.io/reconciler'];
    expect(await patch(object, { metadata: { labels: { a: 'b' } } })).toEqual([]);
    expect(await patch(object, { metadata: { finalizers } }, manager)).toEqual([]);
    const other = { metadata: { annotations: { 'configsync.gke.io/image-to-sync': 'z' } } };
    expect(await patch(object, other)).toEqual(['UPDATE']);
    await cluster.send({ method: 'DELETE', path: pathOf(object) });
    // What is being deleted must not wait.
    expect(await patch(object, { metadata: { finalizers: null } }, reconciler)).toEqual([]);
  });
});
