import * as z from 'zod';
import { createGate } from '#infra/local/gate-evaluation.ts';
import type { Admit } from '#infra/local/kube/request.ts';
import { type Kube, startKube } from '#infra/local/kube/start-kube.ts';
import type { GateCase } from '#test/fixtures/gate-cases.ts';
import type { RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import { gateContract, type GateResult, type GateUnderTest } from './suite.ts';

const statusSchema = z.object({ code: z.int(), reason: z.string(), message: z.string() });

gateContract({ name: 'embedded', start: startEmbedded });

async function startEmbedded(): Promise<GateUnderTest> {
  let config: GateCase['config'] | undefined;
  /** By its config as text: to put a gate in force takes longer than to ask it. */
  const gates = new Map<string, Admit>();
  const gateOf = (input: GateCase['config']): Admit => {
    const name = JSON.stringify(input);
    const gate = gates.get(name) ?? createGate(input);
    gates.set(name, gate);
    return gate;
  };
  const kube = await startKube({
    name: 'gated',
    admit: [(request) => (config === undefined ? undefined : gateOf(config)(request))],
  });
  kube.store.put('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'team-a' },
  });
  return {
    async submit(gateCase) {
      config = gateCase.config;
      clear(kube);
      if (gateCase.old !== undefined) kube.store.put(pluralOf(gateCase.old), gateCase.old);
      return send(kube, gateCase);
    },
    stop: () => kube.close(),
  };
}

function clear({ store }: Kube): void {
  for (const plural of ['rootsyncs', 'reposyncs']) {
    for (const object of store.list(plural)) store.commit(plural, object);
  }
}

async function send(kube: Kube, gateCase: GateCase): Promise<GateResult> {
  const { object, old, operation, subresource, user } = gateCase;
  const { name, namespace } = object.metadata;
  const collection = `${kube.url}/apis/${object.apiVersion}/namespaces/${namespace}/${pluralOf(object)}`;
  const path = operation === 'CREATE' ? collection : `${collection}/${name}`;
  const live = old === undefined ? undefined : kube.store.get(pluralOf(old), namespace, name);
  const response = await fetch(subresource === undefined ? path : `${path}/${subresource}`, {
    method: operation === 'CREATE' ? 'POST' : 'PUT',
    headers: { 'content-type': 'application/json', 'impersonate-user': user },
    body: JSON.stringify(withVersion(object, live?.metadata.resourceVersion)),
  });
  if (response.ok) return { allowed: true };
  return { allowed: false, ...statusSchema.parse(await response.json()) };
}

/** A PUT must name the version that it replaces; a CREATE must name none. */
function withVersion(object: RSyncManifest, resourceVersion: string | undefined): object {
  if (resourceVersion === undefined) return object;
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}

function pluralOf({ kind }: RSyncManifest): string {
  return `${kind.toLowerCase()}s`;
}
