import { afterEach, describe, expect, it } from 'vitest';
import { hexOf, ociSpec, REPO, ROOT } from '#test/fixtures/config-sync-world.ts';
import {
  type SemanticsOptions,
  type SemanticsWorld,
  startSemanticsWorld,
} from '#test/fixtures/semantics-world.ts';

let world: SemanticsWorld;

afterEach(() => world?.close());

const CHILD = 'RepoSync/team-a/repo-sync';

/** A RepoSync as a package declares it, on the image `child` of the same registry. */
function manifest(annotations: Readonly<Record<string, string>> = {}): string {
  return JSON.stringify({
    apiVersion: 'configsync.gke.io/v1beta1',
    kind: 'RepoSync',
    metadata: { name: REPO.name, namespace: REPO.namespace, annotations },
    spec: ociSpec(`${world.registry.host}/configs/child:v1`),
  });
}

/** A parent on a package that declares a child; the child's own image is signed. */
async function startFamily(
  options: SemanticsOptions = {},
  annotations: Readonly<Record<string, string>> = {},
): Promise<string> {
  world = await startSemanticsWorld(options);
  const child = await world.pusher('configs/child').image({ 'a.yaml': '1' }, 'v1');
  const parent = await world.pusher().image({ 'child.yaml': manifest(annotations) }, 'v1');
  world.sign(parent);
  world.sign(child);
  await world.create(ociSpec(world.image(':v1')));
  await world.sweepUntil(() => world.get(REPO) !== undefined);
  return child;
}

function imageOfChild(): unknown {
  return JSON.parse(JSON.stringify(world.get(REPO)?.['spec'] ?? {})).oci?.image;
}

function patchesOf(user: string): number {
  const mine = ({ verb, user: by, path }: { verb: string; user: string; path: string }) =>
    verb === 'patch' && by === user && path.endsWith('/reposyncs/repo-sync');
  return world.kube.store.requests.filter(mine).length;
}

/** As many attempts of the parent's reconciler as would revert anything. */
async function letParentWork(): Promise<void> {
  const announced = () =>
    world.kube.store.requests.filter(
      ({ verb, user, path }) =>
        verb === 'patch' && user.endsWith(':root-reconciler') && path.endsWith('/root-sync'),
    ).length;
  const until = announced() + 3;
  await world.until(() => announced() >= until);
}

function told(sync: string): string[] {
  return world.events.flatMap((event) =>
    'sync' in event.data && event.data.sync === sync ? [event.type] : [],
  );
}

describe('an RSync that a parent declares', () => {
  it('keeps the approval, which the parent does not declare', async () => {
    const child = await startFamily();
    await world.sweepUntil(async () => (await world.row(CHILD))?.record.phase === 'Synced');
    await letParentWork();
    const annotations = world.get(REPO)?.metadata.annotations;
    expect(annotations).toMatchObject({ 'countersign.dev/approved': child });
    expect(JSON.parse(annotations?.['countersign.dev/receipt'] ?? '')).toMatchObject({
      announced: false,
    });
    expect(patchesOf('system:serviceaccount:config-management-system:root-reconciler')).toBe(1);
  });

  it('has its pin put back, which is reported once and not fought over', async () => {
    const child = await startFamily({ rule: { effect: 'pin' } });
    await world.sweepUntil(async () => (await world.row(CHILD))?.record.phase === 'Blocked');
    expect((await world.row(CHILD))?.message).toContain('RootSync/root-sync declares it');
    const identity = world.kube.store.requests.find(
      ({ fieldManager }) => fieldManager === 'countersign',
    );
    const written = patchesOf(identity?.user ?? '');
    await letParentWork();
    for (let sweeps = 0; sweeps < 5; sweeps += 1) await world.reconcile();
    await letParentWork();
    for (let sweeps = 0; sweeps < 5; sweeps += 1) await world.reconcile();
    expect(patchesOf(identity?.user ?? '')).toBe(written);
    expect(told(CHILD).filter((type) => type === 'sync.blocked')).toHaveLength(1);
    expect(imageOfChild()).toBe(`${world.registry.host}/configs/child:v1`);
    // Not pinned, and not stuck either: the gate admits the tag's digest.
    await world.until(() => world.status(REPO).lastSyncedCommit === hexOf(child));
    expect(await world.row(CHILD)).toMatchObject({ record: { phase: 'Blocked' } });
  });

  it('is tried once more for another digest, and blocked again', async () => {
    await startFamily({ rule: { effect: 'pin' } });
    await world.sweepUntil(async () => (await world.row(CHILD))?.record.phase === 'Blocked');
    const next = await world.pusher('configs/child').image({ 'a.yaml': '2' }, 'v1');
    world.sign(next);
    await world.sweepUntil(async () => {
      const row = await world.row(CHILD);
      return row?.record.phase === 'Blocked' && row.record.digest === next;
    });
    expect(told(CHILD).filter((type) => type === 'sync.blocked')).toHaveLength(2);
    await world.until(() => world.status(REPO).lastSyncedCommit === hexOf(next));
  });

  it('keeps its pin where it declares mutation: ignore', async () => {
    const ignore = { 'client.lifecycle.config.k8s.io/mutation': 'ignore' };
    const child = await startFamily({ rule: { effect: 'pin' } }, ignore);
    await world.sweepUntil(async () => (await world.row(CHILD))?.record.phase === 'Synced');
    await letParentWork();
    expect(imageOfChild()).toBe(`${world.registry.host}/configs/child:v1@${child}`);
    expect(told(CHILD)).not.toContain('sync.blocked');
  });

  it('is created again without annotations, and approved again', async () => {
    const child = await startFamily();
    await world.sweepUntil(async () => (await world.row(CHILD))?.record.phase === 'Synced');
    const uid = world.get(REPO)?.metadata.uid;
    await world.remove(REPO);
    await world.until(() => (world.get(REPO)?.metadata.uid ?? uid) !== uid);
    await world.sweepUntil(async () => (await world.row(CHILD))?.record.phase === 'Synced');
    expect(world.get(REPO)?.metadata.annotations).toMatchObject({
      'countersign.dev/approved': child,
    });
  });
});

describe("Config Sync's own webhook", () => {
  it('admits the approval and nothing else of Countersign', async () => {
    const child = await startFamily({ webhook: true });
    await world.sweepUntil(async () => (await world.row(CHILD))?.record.phase === 'Synced');
    const { annotations = {} } = world.get(REPO)?.metadata ?? {};
    expect(annotations['countersign.dev/approved']).toBe(child);
    expect(JSON.parse(annotations['countersign.dev/receipt'] ?? '')).toMatchObject({
      announced: false,
    });
    const ours = { metadata: { annotations: { 'configsync.gke.io/image-to-sync': `x@${child}` } } };
    await expect(world.patch(ours, { place: REPO })).rejects.toThrow('Config Sync metadata');
  });

  it('refuses the pin, which is reported once', async () => {
    const child = await startFamily({ webhook: true, rule: { effect: 'pin' } });
    // Blocked before by the gate's refusal, where many sweeps pass until Config Sync pulls again.
    const refused = 'refused to let spec.oci.image be pinned';
    await world.sweepUntil(
      async () => (await world.row(CHILD))?.message.includes(refused) === true,
    );
    expect((await world.row(CHILD))?.record.phase).toBe('Blocked');
    const receipt = world.get(REPO)?.metadata.annotations?.['countersign.dev/receipt'] ?? '';
    expect(JSON.parse(receipt)).toMatchObject({ announced: false, pin: 'refused' });
    await world.until(() => world.status(REPO).lastSyncedCommit === hexOf(child));
    world.calls();
    await world.reconcile();
    await world.reconcile();
    expect(world.calls()).toEqual({ list: 4 });
    expect(told(CHILD).filter((type) => type === 'sync.blocked')).toHaveLength(1);
    expect(world.get(ROOT)).toBeDefined();
  });
});
