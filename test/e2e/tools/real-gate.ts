import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { renderGate } from '#infra/kubernetes/gate/render.ts';
import type { GateResult, GateUnderTest } from '#test/contract/gate/suite.ts';
import type { GateCase } from '#test/fixtures/gate-cases.ts';
import { rootSync, type RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import { collectionOf, pathOf, startSyncCluster, type SyncCluster, until } from './sync-cluster.ts';

const statusSchema = z.object({ code: z.int(), reason: z.string(), message: z.string() });
const bindingSchema = z.looseObject({ spec: z.looseObject({}) });

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
/** What only the test's binding has: a namespace with this label is past the gate, so that `old` can be placed. */
const OFF = 'gate-off';

/** The rendered gate on a real kube-apiserver. */
export async function startRealGate(): Promise<GateUnderTest> {
  const cluster = await startSyncCluster({ everybodyMay: true });
  let config: GateCase['config'] | undefined;
  return {
    async submit(gateCase) {
      if (config !== gateCase.config) {
        await replaceGate(cluster, renderGate(gateCase.config, 'deny'));
        config = gateCase.config;
      }
      const namespace = gateCase.object.metadata.namespace;
      await switchGate(cluster, namespace, 'off');
      await cluster.remove(gateCase.object);
      if (gateCase.old !== undefined) await place(cluster, gateCase.old);
      await switchGate(cluster, namespace, 'on');
      return send(cluster, gateCase);
    },
    stop: () => cluster.close(),
  };
}

/** Away with the old one first, and see it gone: from then on, "in force" can only mean the new one. */
async function replaceGate(cluster: SyncCluster, yaml: string): Promise<void> {
  const [policy, binding] = parseAllDocuments(yaml).map((document) => document.toJS() as unknown);
  const { spec, ...rest } = bindingSchema.parse(binding);
  const namespaceSelector = { matchExpressions: [{ key: OFF, operator: 'DoesNotExist' }] };
  const selective = { ...rest, spec: { ...spec, matchResources: { namespaceSelector } } };
  for (const plural of ['validatingadmissionpolicybindings', 'validatingadmissionpolicies']) {
    await cluster.send({ method: 'DELETE', path: `${ADMISSION}/${plural}/countersign-gate` });
  }
  await switchGate(cluster, 'config-management-system', 'on', 'unbound');
  await cluster.apply(policy);
  await cluster.apply(selective);
  await until(() => isInForce(cluster, 'config-management-system'));
}

async function switchGate(
  cluster: SyncCluster,
  namespace: string,
  state: 'on' | 'off',
  effect: 'bound' | 'unbound' = 'bound',
): Promise<void> {
  const labels = { [OFF]: state === 'off' ? 'true' : null };
  const path = `/api/v1/namespaces/${namespace}`;
  const type = 'application/merge-patch+json';
  await cluster.send({ method: 'PATCH', path, type, body: { metadata: { labels } } });
  const wanted = state === 'on' && effect === 'bound';
  await until(async () => (await isInForce(cluster, namespace)) === wanted);
}

/** Whether a forged approval is refused; nothing is stored. */
async function isInForce({ send: ask }: SyncCluster, namespace: string): Promise<boolean> {
  const forged = rootSync({ 'countersign.dev/approved': 'forged' }, undefined, 'probe');
  const body = { ...forged, metadata: { ...forged.metadata, namespace } };
  const path = `${collectionOf(body)}?dryRun=All`;
  const { status } = await ask({ method: 'POST', path, user: 'probe@acme.example', body });
  return status === 422;
}

async function place(cluster: SyncCluster, old: RSyncManifest): Promise<void> {
  const { deletionTimestamp, ...metadata } = old.metadata;
  const { status, ...rest } = old;
  const placed = await cluster.apply({ ...rest, metadata });
  if (status !== undefined) {
    const path = `${pathOf(old)}/status`;
    const { status: code, body } = await cluster.send({
      method: 'PUT',
      path,
      body: { ...placed, status },
    });
    if (code >= 300) throw new Error(`${path}: ${JSON.stringify(body)}`);
  }
  // Only the API server says that an object is being deleted; a finalizer keeps it.
  if (deletionTimestamp !== undefined) await cluster.send({ method: 'DELETE', path: pathOf(old) });
}

async function send(cluster: SyncCluster, gateCase: GateCase): Promise<GateResult> {
  const { object, operation, subresource, user } = gateCase;
  const live = await cluster.read(object);
  const version = live?.metadata.resourceVersion;
  const { deletionTimestamp: _, ...metadata } = object.metadata;
  const body = {
    ...object,
    metadata: { ...metadata, ...(version && { resourceVersion: version }) },
  };
  const path = subresource === undefined ? pathOf(object) : `${pathOf(object)}/${subresource}`;
  const answer =
    operation === 'CREATE'
      ? await cluster.send({ method: 'POST', path: collectionOf(object), user, body: object })
      : await cluster.send({ method: 'PUT', path, user, body });
  if (answer.status < 300) return { allowed: true };
  return { allowed: false, ...statusSchema.parse(answer.body) };
}
