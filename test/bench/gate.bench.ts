import { randomUUID } from 'node:crypto';
import type { GateInput } from '#infra/kubernetes/gate/gate-input.ts';
import { renderGate } from '#infra/kubernetes/gate/render.ts';
import type { KubeCall } from '#infra/local/real/kube-request.ts';
import { pathOf, startSyncCluster, type SyncCluster, until } from '#test/e2e/tools/sync-cluster.ts';
import { repoSync, type RSyncManifest, withMetadata } from '#test/fixtures/rsync-manifests.ts';
import type { BenchContext } from './frame/bench.ts';
import { type Figure, figureOf } from './frame/figure.ts';
import { type WorstObject, worstObjects } from './gate/worst-objects.ts';

/** Through the gate at most twice what a write takes without it. */
const BUDGET = { of: 'ratio', limit: 2 } as const;

const GATE: GateInput = {
  identity: 'countersign@acme.iam.gserviceaccount.com',
  breakGlass: ['oncall@acme.example'],
  mayHold: 'countersign',
  images: [{ match: 'us-docker.pkg.dev/acme/configs/**', effect: 'pin' }],
  unmatched: 'deny',
  otherSources: 'deny',
};
const MERGE = 'application/merge-patch+json';
const ANNOTATED = 'configsync.gke.io/image-to-sync';

/** Each identity's own write; `mark` differs each time, so that no write is a repetition. */
const WRITES: Readonly<Record<string, (mark: string) => object>> = {
  'tenant@acme.example': (mark) => ({ metadata: { labels: { mark } } }),
  'its reconciler': () => ({
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

/** Beside the gated namespace, one that the binding leaves out: the same object in each, written in turn. */
const NAMESPACES = { on: 'team-a', off: 'team-off' } as const;

/**
 * Writes of objects that are as large as a tenant can make them, by every identity, on one kube-apiserver: through the
 * gate and, in turn, past it. Refused writes count too: an answer is an answer.
 */
export async function bench({ say, quick }: BenchContext): Promise<readonly Figure[]> {
  const cluster = await startSyncCluster({ everybodyMay: true });
  try {
    const figures: Figure[] = [];
    const metadata = { name: NAMESPACES.off, labels: { 'gate-off': 'true' } };
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata });
    const objects = worstObjects(quick ? 0.1 : 1);
    for (const worst of objects) for (const each of placed(worst)) await cluster.apply(each.object);
    await installGate(cluster);
    for (const worst of objects) {
      say(worst.what);
      for (const [who, write] of Object.entries(WRITES)) {
        figures.push(await measure(cluster, worst, { who, write }, quick ? 2 : 5));
      }
    }
    return figures;
  } finally {
    await cluster.close();
  }
}

type State = keyof typeof NAMESPACES;

function placed({ what, object }: WorstObject): readonly { state: State; object: RSyncManifest }[] {
  const name = what.replaceAll(/[^a-z]+/g, '-');
  return (['on', 'off'] as const).map((state) => ({
    state,
    object: withMetadata({ ...object, kind: 'RepoSync' }, { name, namespace: NAMESPACES[state] }),
  }));
}

async function measure(
  cluster: SyncCluster,
  worst: WorstObject,
  { who, write }: { readonly who: string; readonly write: (mark: string) => object },
  runs: number,
): Promise<Figure> {
  const times: Record<State, number[]> = { on: [], off: [] };
  for (let run = 0; run < runs; run += 1) {
    for (const { state, object } of placed(worst)) {
      const { name, namespace } = object.metadata;
      const own = `system:serviceaccount:config-management-system:ns-reconciler-${namespace}-${name}-${name.length}`;
      const user = who === 'its reconciler' ? own : who;
      const path = `${pathOf(object)}?dryRun=All`;
      const body = write(randomUUID());
      times[state].push(await time(cluster, { method: 'PATCH', path, type: MERGE, user, body }));
    }
  }
  return figureOf({
    what: `${worst.what}, by ${who.replace(/@.*/, '')}`,
    unit: 'ms',
    ours: times.on,
    floor: { name: 'the same past it', samples: times.off },
    budget: BUDGET,
  });
}

async function time({ send }: SyncCluster, call: KubeCall): Promise<number> {
  const before = performance.now();
  const { status } = await send(call);
  if (status >= 500) throw new Error(`${call.path}: ${status}`);
  return performance.now() - before;
}

/** Applies the gate with a binding that leaves out the namespaces with the label `gate-off`, and waits for it. */
async function installGate(cluster: SyncCluster): Promise<void> {
  const selector = `matchResources:\n    namespaceSelector:\n      matchExpressions: [{ key: gate-off, operator: DoesNotExist }]`;
  const name = 'policyName: countersign-gate';
  await cluster.applyYaml(renderGate(GATE, 'deny').replace(name, `${name}\n  ${selector}`));
  const probe = repoSync({ 'countersign.dev/approved': 'forged' }, 'probe');
  const path = pathOf(probe).replace(/\/probe$/, '?dryRun=All');
  await until(async () => {
    const answer = await cluster.send({ method: 'POST', path, user: 'probe', body: probe });
    return answer.status === 422;
  });
}
