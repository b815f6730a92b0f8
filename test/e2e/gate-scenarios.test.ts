import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { GateInput } from '#infra/kubernetes/gate/gate-input.ts';
import { type GateMode, renderGate } from '#infra/kubernetes/gate/render.ts';
import {
  CHARTS,
  digestOf,
  helmSync,
  repoSync,
  REPOSITORY,
  rootSync,
  type RSyncManifest,
  withSpec,
} from '#test/fixtures/rsync-manifests.ts';
import { type Finished, runProcess } from './tools/process.ts';
import { startSyncCluster, type SyncCluster, until } from './tools/sync-cluster.ts';

// Upstream's scenarios of signature verification (docs/facts/config-sync.md#upstream-scenarios) as the requests that
// Config Sync and Countersign send, by kubectl.

const INPUT: GateInput = {
  identity: 'countersign@acme.iam.gserviceaccount.com',
  breakGlass: ['oncall@acme.example'],
  mayHold: 'countersign',
  images: [{ match: 'us-docker.pkg.dev/acme/configs/**', effect: 'gate' }],
  unmatched: 'deny',
  otherSources: 'ignore',
};
const BASE = join(import.meta.dirname, '../../infra/kubernetes/gate/base');
const LATEST = `${REPOSITORY}:latest`;
const [A, B] = [digestOf('a'), digestOf('b')];
const account = 'system:serviceaccount:config-management-system:';

const liveSchema = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).optional() }),
  spec: z.looseObject({}),
});

let cluster: SyncCluster;
let KUBECONFIG: string;
beforeAll(async () => {
  cluster = await startSyncCluster({ everybodyMay: true });
  KUBECONFIG = await cluster.kubeconfig('admin@acme.example');
  await gate('deny');
});
afterAll(() => cluster?.close());

function kubectl(args: readonly string[], input = ''): Promise<Finished> {
  return runProcess({ command: 'kubectl', args, env: { KUBECONFIG }, input });
}

async function gate(mode: GateMode): Promise<void> {
  const { code, stderr } = await kubectl(['apply', '-f', '-'], renderGate(INPUT, mode));
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const forged = rootSync({ 'countersign.dev/receipt': '{}' }, LATEST, 'probe');
  const args = ['create', '--dry-run=server', '-f', '-'];
  await until(async () => {
    const { code: probed, stderr: said } = await kubectl(args, JSON.stringify(forged));
    return (probed === 0) === (mode === 'warn') && said.includes('countersign-gate');
  });
}

interface Scenario {
  readonly manifest: RSyncManifest;
  readonly reconciler: string;
  /** What the reconciler announces, and how approvals name that. */
  readonly first: readonly [value: string, key: string];
  readonly second: readonly [value: string, key: string];
}

const digests = {
  first: [`${LATEST}@${A}`, A],
  second: [`${LATEST}@${B}`, B],
} as const;
const chart = (version: string): readonly [string, string] => [
  `oci://${CHARTS}@sha256:${version}`,
  `${CHARTS}/platform:${version}`,
];
const scenarios: readonly (readonly [string, Scenario])[] = [
  [
    'RootSync',
    { manifest: rootSync({}, LATEST), reconciler: `${account}root-reconciler`, ...digests },
  ],
  [
    'RepoSync',
    {
      manifest: withSpec(repoSync(), rootSync({}, LATEST).spec),
      reconciler: `${account}ns-reconciler-team-a`,
      ...digests,
    },
  ],
  [
    'Helm over OCI',
    {
      manifest: { ...helmSync(), metadata: { ...helmSync().metadata, name: 'charts' } },
      reconciler: `${account}root-reconciler-charts`,
      first: chart('1.2.3'),
      second: chart('1.2.4'),
    },
  ],
];

describe.each(scenarios)('%s', (_, { manifest, reconciler, first, second }) => {
  const place = ['-n', manifest.metadata.namespace, manifest.kind, manifest.metadata.name];

  function patch(user: string, manager: string, body: object): Promise<Finished> {
    const args = ['patch', ...place, '--type=merge', '-p', JSON.stringify(body)];
    return kubectl([...args, `--as=${user}`, `--field-manager=${manager}`]);
  }

  /** As Config Sync does at every attempt (docs/facts/config-sync.md#image-to-sync). */
  function announce(value: string | null): Promise<Finished> {
    const annotations = { 'configsync.gke.io/image-to-sync': value };
    return patch(reconciler, 'configsync.gke.io', { metadata: { annotations } });
  }

  async function approve(...keys: readonly string[]): Promise<void> {
    const annotations = { 'countersign.dev/approved': keys.join(' ') };
    const done = await patch(INPUT.identity, 'countersign', { metadata: { annotations } });
    expect(done).toMatchObject({ code: 0 });
  }

  async function get(): Promise<z.infer<typeof liveSchema>> {
    const { stdout } = await kubectl(['get', ...place, '-o', 'json', '--show-managed-fields']);
    return liveSchema.parse(JSON.parse(stdout));
  }

  function expectDenied({ code, stderr }: Finished, key: string): void {
    expect(code).toBe(1);
    expect(stderr).toContain(`denied request: ${key} is not approved for ${manifest.kind} `);
    expect(stderr.trim()).not.toContain('\n');
  }

  it('1: refuses an unsigned image', async () => {
    const created = await kubectl(['create', '-f', '-'], JSON.stringify(manifest));
    expect(created).toMatchObject({ code: 0 });
    // As reconciler-manager does once the reconciler's roll-out is over; its pod announces after that.
    const seen = JSON.stringify({ status: { observedGeneration: 1 } });
    const settled = ['patch', ...place, '--subresource=status', '--type=merge', '-p', seen];
    expect(await kubectl(settled)).toMatchObject({ code: 0 });
    const denied = await announce(first[0]);
    expectDenied(denied, first[1]);
    expect(await announce(first[0])).toEqual(denied);
    expect((await get()).metadata.annotations).toBeUndefined();
  });

  it('2: refuses a second one while only the first is signed, and names the second', async () => {
    await approve(first[1]);
    const denied = await announce(second[0]);
    expectDenied(denied, second[1]);
    expect(denied.stderr).not.toContain(first[1]);
  });

  it('3: admits it once it is signed, with no other change', async () => {
    await approve(second[1], first[1]);
    const before = await get();
    const { code, stderr } = await announce(second[0]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const after = await get();
    expect(after.spec).toEqual(before.spec);
    expect(after.metadata.annotations).toEqual({
      ...before.metadata.annotations,
      'configsync.gke.io/image-to-sync': second[0],
    });
    expect(after.metadata['managedFields']).toContainEqual(
      expect.objectContaining({ manager: 'configsync.gke.io', operation: 'Update' }),
    );
  });

  it('admits the previous one again during a roll-over, and nothing after a withdrawal', async () => {
    expect((await announce(first[0])).code).toBe(0);
    await approve(second[1]);
    expectDenied(await announce(first[0]), first[1]);
    expect((await announce(second[0])).code).toBe(0);
  });

  it('4: removes the annotation when the source becomes git', async () => {
    const { oci, helm, ...spec } = manifest.spec;
    const gone = {
      ...(oci === undefined ? {} : { oci: null }),
      ...(helm === undefined ? {} : { helm: null }),
    };
    const git = { repo: 'https://git.example/configs', auth: 'none' };
    const switched = { spec: { ...spec, ...gone, sourceType: 'git', git } };
    expect((await patch('dev@acme.example', 'kubectl', switched)).code).toBe(0);
    const { code, stderr } = await announce(null);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(Object.keys((await get()).metadata.annotations ?? {})).toEqual([
      'countersign.dev/approved',
    ]);
  });
});

describe('the way in', () => {
  const forged = rootSync({ 'countersign.dev/approved': A }, LATEST, 'forged');

  it('begins with a warning that says what deny would say', async () => {
    await gate('warn');
    const { code, stderr } = await kubectl(['create', '-f', '-'], JSON.stringify(forged));
    expect(code).toBe(0);
    expect(stderr).toContain('Warning: ');
    expect(stderr).toContain(`only ${INPUT.identity} may change countersign.dev/approved`);
    await cluster.remove(forged);
  });

  it('applies as a Kustomize base', async () => {
    const applied = await kubectl(['apply', '-k', BASE]);
    expect(applied).toMatchObject({ code: 0 });
    await until(async () => (await create(forged)).includes('only countersign@local.iam'));
    const { stdout } = await kubectl(['get', 'validatingadmissionpolicies', '-o', 'name']);
    expect(stdout).toBe(
      'validatingadmissionpolicy.admissionregistration.k8s.io/countersign-gate\n',
    );
  });

  async function create(manifest: RSyncManifest): Promise<string> {
    const args = ['create', '--dry-run=server', '-f', '-'];
    return (await kubectl(args, JSON.stringify(manifest))).stderr;
  }
});
