import { describe, expect, it } from 'vitest';
import { conditionOf, isSynced } from './client.ts';
import { configMap, declare, oci, root, team } from './manifests.ts';
import type { Running } from './suite.ts';

/** A RootSync that declares a RepoSync. */
export function parentContract({ subject, client }: Running): void {
  describe('a parent and its child', () => {
    it('marks the child, waits for it when it changed, and prunes it with an empty source', async () => {
      const { create, approve, seen, image, gone } = client();
      const [parent, child] = [root('parent'), team('child')];
      const leaf = subject().pusher('configs/leaf');
      const [one, two] = [
        await leaf.image({ 'a.yaml': configMap('leaf', { v: '1' }) }, 'v1'),
        await leaf.image({ 'a.yaml': configMap('leaf', { v: '2' }) }, 'v2'),
      ];
      const tree = subject().pusher('configs/tree');
      const treeOf = (tag: string) => ({
        'child.yaml': declare(child, oci(image('configs/leaf', tag))),
      });
      const first = await tree.image(treeOf(':v1'), 'v1');
      await create(parent, oci(image('configs/tree', ':v1')));
      await approve(parent, first);
      const made = await seen(child, ({ metadata }) => metadata.generation === 2);
      expect(made.metadata.labels).toMatchObject({
        'app.kubernetes.io/managed-by': 'configmanagement.gke.io',
        'applyset.kubernetes.io/part-of': expect.stringMatching(/^applyset-.{43}-v1$/),
        'configsync.gke.io/declared-version': 'v1beta1',
      });
      expect(made.metadata.annotations).toMatchObject({
        'config.k8s.io/owning-inventory': 'config-management-system_parent',
        'configmanagement.gke.io/cluster-name': expect.any(String),
        'configmanagement.gke.io/managed': 'enabled',
        'configmanagement.gke.io/source-path': 'child.yaml',
        'configmanagement.gke.io/token': first.replace('sha256:', ''),
        'configsync.gke.io/git-context': JSON.stringify({ repo: image('configs/tree', ':v1') }),
        'configsync.gke.io/manager': ':root_parent',
        'configsync.gke.io/resource-id': 'configsync.gke.io_reposync_team-a_child',
      });
      // Config Sync's own webhook alone reads these, and it is off.
      expect(made.metadata.annotations).not.toHaveProperty('configsync.gke.io/declared-fields');
      await approve(child, `${one} ${two}`);
      await seen(child, isSynced(one));
      await seen(parent, isSynced(first));

      const second = await tree.image(treeOf(':v2'), 'v1');
      await approve(parent, `${second} ${first}`);
      const changing = await seen(child, ({ metadata }) => metadata.generation === 3);
      expect(changing.metadata.annotations['countersign.dev/approved']).toBe(`${one} ${two}`);
      await seen(parent, isSynced(second));
      // The parent was done only when the child's reconciler was rolled out anew.
      const after = await seen(child, () => true);
      expect(after.status.observedGeneration).toBe(3);
      expect(conditionOf(after, 'Reconciling')).toMatchObject({ status: 'False' });
      await seen(child, isSynced(two));

      const empty = await tree.layers([Buffer.from(configMap('no-archive'))], 'v1');
      await approve(parent, empty);
      await gone(child);
      await seen(parent, isSynced(empty));
    });

    it('puts back what it declares, and leaves what it does not', async () => {
      const { create, approve, seen, image, merge, remove, gone } = client();
      const [parent, child] = [root('keeper'), team('kept')];
      const leaf = subject().pusher('configs/kept');
      const one = await leaf.image({ 'a.yaml': configMap('kept') }, 'v1');
      const tree = subject().pusher('configs/keeper');
      const files = { 'child.yaml': declare(child, oci(image('configs/kept', ':v1'))) };
      const digest = await tree.image(files, 'v1');
      await create(parent, oci(image('configs/keeper', ':v1')));
      await approve(parent, digest);
      await seen(child, ({ metadata }) => metadata.generation === 2);
      await approve(child, one);
      await seen(child, isSynced(one));
      await seen(parent, isSynced(digest));
      const pinned = image('configs/kept', `@${one}`);
      await merge(child, { spec: { oci: { image: pinned } } });
      const back = await seen(
        child,
        ({ metadata, spec }) => metadata.generation > 3 && spec.oci?.image !== pinned,
      );
      expect(back.metadata.annotations['countersign.dev/approved']).toBe(one);
      await remove(parent);
      await gone(parent);
      await remove(child);
      await gone(child);
    });
  });
}
