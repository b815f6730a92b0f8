import { randomUUID } from 'node:crypto';
import type { GateInput } from '#infra/kubernetes/gate/gate-input.ts';
import { renderGate } from '#infra/kubernetes/gate/render.ts';
import type { KubeCall } from '#test/e2e/tools/kube-request.ts';
import { pathOf, startSyncCluster, type SyncCluster, until } from '#test/e2e/tools/sync-cluster.ts';
import { rootSync } from '#test/fixtures/rsync-manifests.ts';
import type { BenchContext } from './frame/bench.ts';
import { type Figure, figureOf } from './frame/figure.ts';
import { type WorstObject, worstObjects } from './gate/worst-objects.ts';

/** Through the gate at most twice what a write takes without it. */
const BUDGET = { of: 'ratio', limit: 2 } as const;

const GATE: GateInput = {
  identity: 'countersign@acme.iam.gserviceaccount.com',
  breakGlass: ['oncall@acme.example'],
  images: [{ match: 'us-docker.pkg.dev/acme/configs/**', effect: 'pin' }],
  unmatched: 'deny',
  otherSources: 'deny',
};
const MERGE = 'application/merge-patch+json';
const ANNOTATED = 'configsync.gke.io/image-to-sync';

/** Each identity's own write; `mark` differs each time, so that no write is a repetition. */
const WRITES: Readonly<Record<string, (mark: string) => object>> = {
  'tenant@acme.example': (mark) => ({ metadata: { labels: { mark } } }),
  'system:serviceaccount:config-management-system:root-reconciler': () => ({
    metadata: { annotations: { [ANNOTATED]: `x:v1@sha256:${'a'.repeat(64)}` } },
  }),
  [GATE.identity]: (mark) => ({
    metadata: { annotations: { 'countersign.dev/receipt': mark, 'countersign.dev/approved': '' } },
  }),
  'oncall@acme.example': (mark) => ({
    metadata: { annotations: { 'countersign.dev/break-glass': `sha256:0 ${mark}` } },
  }),
  'admin@acme.example': (mark) => ({
    spec: {
      override: { resources: [{ containerName: 'reconciler', cpuLimit: mark.slice(0, 1) }] },
    },
  }),
};

/**
 * Writes of objects that are as large as a tenant can make them, by every identity, on one kube-apiserver: through the
 * gate, and in turn past it (a namespace without the gate's label). Refused writes count too: an answer is an answer.
 */
export async function bench({ say, quick }: BenchContext): Promise<readonly Figure[]> {
  const cluster = await startSyncCluster({ everybodyMay: true });
  try {
    const figures: Figure[] = [];
    await installGate(cluster);
    for (const worst of worstObjects(quick ? 0.1 : 1)) {
      say(worst.what);
      figures.push(...(await measure(cluster, worst, quick ? 2 : 9)));
    }
    return figures;
  } finally {
    await cluster.close();
  }
}

async function measure(
  cluster: SyncCluster,
  { what, object }: WorstObject,
  runs: number,
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [user, write] of Object.entries(WRITES)) {
    await setGate(cluster, 'off');
    await cluster.remove(object);
    await cluster.apply(object);
    const times = { on: [] as number[], off: [] as number[] };
    for (let run = 0; run < runs; run += 1) {
      for (const state of ['on', 'off'] as const) {
        await setGate(cluster, state);
        const body = write(randomUUID());
        const path = `${pathOf(object)}?dryRun=All`;
        times[state].push(await time(cluster, { method: 'PATCH', path, type: MERGE, user, body }));
      }
    }
    figures.push(
      figureOf({
        what: `${what}, written by ${user.split(/[:@]/).findLast((part) => !part.includes('.'))}`,
        unit: 'ms',
        ours: times.on,
        floor: { name: 'without the gate', samples: times.off },
        budget: BUDGET,
      }),
    );
  }
  return figures;
}

async function time({ send }: SyncCluster, call: KubeCall): Promise<number> {
  const before = performance.now();
  const { status } = await send(call);
  if (status >= 500) throw new Error(`${call.path}: ${status}`);
  return performance.now() - before;
}

async function installGate(cluster: SyncCluster): Promise<void> {
  const selector = `matchResources:\n    namespaceSelector:\n      matchExpressions: [{ key: gate-off, operator: DoesNotExist }]`;
  await cluster.applyYaml(
    renderGate(GATE, 'deny').replace(
      'policyName: countersign-gate',
      `policyName: countersign-gate\n  ${selector}`,
    ),
  );
  await setGate(cluster, 'on');
}

/** Switches the gate for the namespace, and waits until it is so: a forged approval is refused, or is not. */
async function setGate({ send }: SyncCluster, state: 'on' | 'off'): Promise<void> {
  const labels = { 'gate-off': state === 'off' ? 'true' : null };
  const path = '/api/v1/namespaces/config-management-system';
  await send({ method: 'PATCH', path, type: MERGE, body: { metadata: { labels } } });
  const probe = rootSync({ 'countersign.dev/approved': 'forged' }, undefined, 'probe');
  const collection = pathOf(probe).replace(/\/probe$/, '?dryRun=All');
  await until(async () => {
    const answer = await send({ method: 'POST', path: collection, user: 'probe', body: probe });
    return (answer.status === 422) === (state === 'on');
  });
}
