import type { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SendKube } from '#infra/local/real/kube-request.ts';
import { bodyContract } from './body-contract.ts';
import { coreContract } from './core-contract.ts';
import { crdContract } from './crd-contract.ts';
import { formsContract } from './forms-contract.ts';
import { lastAppliedContract } from './last-applied-contract.ts';
import { managersContract } from './managers-contract.ts';
import { namesContract } from './names-contract.ts';
import { namespaceContract } from './namespace-contract.ts';
import { optionsContract } from './options-contract.ts';
import { strategicContract } from './strategic-contract.ts';
import { watchContract } from './watch-contract.ts';
import {
  createRSyncClient,
  failureOf,
  labelled,
  manifest,
  NAMESPACE,
  type RSyncClient,
} from './rsync-client.ts';

/** A running API server with Config Sync's CRDs and the namespace config-management-system. */
export interface KubeUnderTest {
  config: KubeConfig;
  /** Bare requests, as a user who may do everything. */
  send: SendKube;
  stop: () => Promise<void>;
}

export interface KubeContract {
  name: string;
  start: () => Promise<KubeUnderTest>;
}

/** The rules of the Kubernetes API that Countersign builds on, through client-node. */
export function kubeContract({ name, start }: KubeContract): void {
  describe(`kube-api: ${name}`, () => {
    let kube: KubeUnderTest;
    let client: RSyncClient;
    beforeAll(async () => {
      kube = await start();
      client = createRSyncClient(kube.config);
    });
    afterAll(() => kube?.stop());

    const send: SendKube = (call) => kube.send(call);
    crdContract(() => client);
    bodyContract(send);
    coreContract(send);
    managersContract(send);
    lastAppliedContract(send);
    namesContract(send);
    namespaceContract(send);
    strategicContract(send);
    optionsContract(send);
    formsContract(send);

    describe('create and get', () => {
      it('gives an object its system fields and generation 1', async () => {
        const created = await client.create(manifest('created'));
        expect(created.metadata).toMatchObject({ generation: 1, namespace: NAMESPACE });
        expect(created.metadata.uid).not.toBe('');
        expect(created.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(await client.get('created')).toEqual(created);
      });

      it('drops a status that comes with a create', async () => {
        const created = await client.create({
          ...manifest('no-status'),
          status: { observedGeneration: 9 },
        });
        expect(created).not.toHaveProperty('status');
      });

      it('shows one object in both versions', async () => {
        await client.create(manifest('two-versions'));
        const alpha = await client.get('two-versions', 'v1alpha1');
        const beta = await client.get('two-versions');
        expect(alpha.apiVersion).toBe('configsync.gke.io/v1alpha1');
        expect(alpha.metadata.uid).toBe(beta.metadata.uid);
      });

      it('defaults sourceType to git', async () => {
        const created = await client.create({
          ...manifest('defaulted'),
          spec: { git: { repo: 'x', auth: 'none' } },
        });
        expect(created.spec).toHaveProperty('sourceType', 'git');
      });

      it.each([
        ['an object twice', 'created', {}, 409, 'AlreadyExists'],
        ['a name that is no DNS name', 'Upper_Case', {}, 422, 'Invalid'],
        ['an unknown sourceType', 'odd-type', { spec: { sourceType: 'ftp' } }, 422, 'Invalid'],
        ['another kind than the path', 'odd-kind', { kind: 'RepoSync' }, 422, 'Invalid'],
        [
          'another version than the path',
          'odd-version',
          { apiVersion: 'configsync.gke.io/v1alpha1' },
          400,
          'BadRequest',
        ],
      ])('refuses %s', async (_, rsync, change, code, reason) => {
        const call = client.create({ ...manifest(rsync), ...change });
        expect(await failureOf(call)).toMatchObject({ code, reason, status: 'Failure' });
      });

      it('refuses an object in a namespace that does not exist', async () => {
        const body = { ...manifest('nowhere'), metadata: { name: 'nowhere', namespace: 'absent' } };
        const failure = await failureOf(client.create(body, { namespace: 'absent' }));
        expect(failure).toMatchObject({
          code: 404,
          reason: 'NotFound',
          message: 'namespaces "absent" not found',
          details: { name: 'absent', kind: 'namespaces' },
        });
      });

      it('answers 404 for an object that does not exist', async () => {
        expect(await failureOf(client.get('absent'))).toMatchObject({
          code: 404,
          message: 'rootsyncs.configsync.gke.io "absent" not found',
          details: { name: 'absent', group: 'configsync.gke.io', kind: 'rootsyncs' },
        });
      });
    });

    describe('list', () => {
      it('pages through one moment of the list', async () => {
        for (const rsync of ['page-a', 'page-b', 'page-c'])
          await client.create(labelled(rsync, 'page'));
        const first = await client.list({ limit: 2, labelSelector: 'set=page' });
        expect(first.items.map((item) => item.metadata.name)).toEqual(['page-a', 'page-b']);
        const token = first.metadata.continue ?? '';
        expect(token).not.toBe('');
        await client.create(labelled('page-d', 'page'));
        await client.remove('page-c');
        const second = await client.list({ limit: 2, labelSelector: 'set=page', _continue: token });
        expect(second.items.map((item) => item.metadata.name)).toEqual(['page-c']);
        expect(second.metadata.continue ?? '').toBe('');
        expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      });

      it('answers 400 for a token that it did not give', async () => {
        const failure = await failureOf(client.list({ limit: 1, _continue: 'bm90LWEtdG9rZW4' }));
        expect(failure.code).toBe(400);
      });

      it.each([
        ['set=sel', ['sel-a', 'sel-b']],
        ['set==sel,tier!=prod', ['sel-b']],
        ['set in (sel,other),tier', ['sel-a']],
        ['set=sel,!tier', ['sel-b']],
        ['set=sel,tier notin (prod)', ['sel-b']],
      ])('selects by labels: %s', async (labelSelector, names) => {
        await client.create(labelled('sel-a', 'sel', { tier: 'prod' })).catch(() => undefined);
        await client.create(labelled('sel-b', 'sel')).catch(() => undefined);
        const { items } = await client.list({ labelSelector });
        expect(items.map((item) => item.metadata.name)).toEqual(names);
      });

      it('selects by name', async () => {
        await client.create(manifest('by-name'));
        const { items } = await client.list({ fieldSelector: 'metadata.name=by-name' });
        expect(items.map((item) => item.metadata.name)).toEqual(['by-name']);
      });

      it('refuses a field that custom resources do not select by', async () => {
        const failure = await failureOf(client.list({ fieldSelector: 'spec.sourceType=oci' }));
        expect(failure.code).toBe(400);
      });

      it('is empty in a namespace that does not exist', async () => {
        expect((await client.listIn('absent')).items).toEqual([]);
      });
    });

    describe('patch and update', () => {
      it('counts a spec change, and no other, as a generation', async () => {
        await client.create(manifest('generations'));
        const annotated = await client.merge('generations', {
          metadata: { annotations: { a: 'b' } },
        });
        expect(annotated.metadata.generation).toBe(1);
        const moved = await client.merge('generations', { spec: { oci: { image: 'x:v2' } } });
        expect(moved.metadata.generation).toBe(2);
        expect(moved.spec.oci).toEqual({ image: 'x:v2', auth: 'none' });
      });

      it('does not bump the resourceVersion for a write that changes nothing', async () => {
        const created = await client.create(manifest('no-op'));
        const again = await client.merge('no-op', { spec: { sourceType: 'oci' } });
        expect(again.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
      });

      it('removes with null, and drops an empty map', async () => {
        await client.create(manifest('nulls'));
        await client.merge('nulls', { metadata: { annotations: { a: 'b' } } });
        const removed = await client.merge('nulls', { metadata: { annotations: { a: null } } });
        expect(removed.metadata).not.toHaveProperty('annotations');
      });

      it('takes a merge patch on the version that it names, and refuses a stale one', async () => {
        const created = await client.create(manifest('versions'));
        const { resourceVersion } = created.metadata;
        const patch = { metadata: { resourceVersion, annotations: { a: 'b' } } };
        const patched = await client.merge('versions', patch);
        expect(patched.metadata.annotations).toEqual({ a: 'b' });
        const stale = { metadata: { resourceVersion, annotations: { a: 'c' } } };
        expect(await failureOf(client.merge('versions', stale))).toMatchObject({
          code: 409,
          reason: 'Conflict',
          message:
            'Operation cannot be fulfilled on rootsyncs.configsync.gke.io "versions": the object has been modified; please apply your changes to the latest version and try again',
        });
        expect((await client.get('versions')).metadata.annotations).toEqual({ a: 'b' });
      });

      it('takes a JSON patch, and refuses one whose test fails', async () => {
        await client.create(manifest('json-patch'));
        const type = 'application/json-patch+json';
        const good = [
          { op: 'test', path: '/spec/sourceType', value: 'oci' },
          { op: 'replace', path: '/spec/oci/image', value: 'x:v2' },
          { op: 'add', path: '/metadata/annotations', value: { 'a~/b': 'c' } },
          { op: 'remove', path: '/metadata/annotations/a~0~1b' },
        ];
        const patched = await client.patch('json-patch', type, good);
        expect(patched.spec.oci?.image).toBe('x:v2');
        const bad = [{ op: 'test', path: '/spec/sourceType', value: 'git' }];
        expect((await failureOf(client.patch('json-patch', type, bad))).code).toBe(422);
      });

      it('takes a JSON patch that tests for the absence of a field, and refuses it afterwards', async () => {
        await client.create(manifest('json-absent'));
        const type = 'application/json-patch+json';
        const path = '/metadata/annotations';
        const once = [
          { op: 'test', path, value: null },
          { op: 'add', path, value: { a: 'b' } },
        ];
        const patched = await client.patch('json-absent', type, once);
        expect(patched.metadata.annotations).toEqual({ a: 'b' });
        expect((await failureOf(client.patch('json-absent', type, once))).code).toBe(422);
      });

      it('refuses a strategic merge patch on a custom resource', async () => {
        await client.create(manifest('strategic'));
        const type = 'application/strategic-merge-patch+json';
        expect(await failureOf(client.patch('strategic', type, {}))).toMatchObject({
          code: 415,
          reason: 'UnsupportedMediaType',
        });
      });

      it('applies server-side: creates, then keeps what is not declared', async () => {
        const type = 'application/apply-patch+yaml';
        const options = { fieldManager: 'contract', force: true };
        const created = await client.patch('applied', type, manifest('applied'), options);
        expect(created.metadata.generation).toBe(1);
        await client.merge('applied', { metadata: { annotations: { kept: 'yes' } } });
        const again = await client.patch('applied', type, manifest('applied', 'x:v2'), options);
        expect(again.spec.oci?.image).toBe('x:v2');
        expect(again.metadata.annotations).toEqual({ kept: 'yes' });
      });

      it('wants a resourceVersion for a replacement, and the current one', async () => {
        const created = await client.create(manifest('replaced'));
        expect((await failureOf(client.replace('replaced', manifest('replaced')))).code).toBe(422);
        const { metadata } = created;
        const next = { ...manifest('replaced', 'x:v2'), metadata };
        expect((await client.replace('replaced', next)).metadata.generation).toBe(2);
        expect((await failureOf(client.replace('replaced', next))).code).toBe(409);
      });

      it('keeps status to its subresource', async () => {
        await client.create(manifest('statuses'));
        const written = await client.mergeStatus('statuses', {
          metadata: { annotations: { ignored: 'yes' } },
          spec: { sourceType: 'git' },
          status: { observedGeneration: 1 },
        });
        expect(written).toMatchObject({
          status: { observedGeneration: 1 },
          spec: { sourceType: 'oci' },
        });
        expect(written.metadata.generation).toBe(1);
        expect(written.metadata).not.toHaveProperty('annotations');
        const main = await client.merge('statuses', { status: { observedGeneration: 7 } });
        expect(main).toMatchObject({ status: { observedGeneration: 1 } });
        expect(main.metadata.resourceVersion).toBe(written.metadata.resourceVersion);
      });

      it('stores nothing of a dry run', async () => {
        const dryRun = 'All';
        await client.create(manifest('dry-create'), { dryRun });
        expect((await failureOf(client.get('dry-create'))).code).toBe(404);
        const created = await client.create(manifest('dry-patch'));
        const patch = { spec: { oci: { image: 'x:v2' } } };
        const dry = await client.merge('dry-patch', patch, { dryRun });
        expect(dry).toMatchObject({ spec: patch.spec, metadata: { generation: 2 } });
        await client.remove('dry-patch', { dryRun });
        expect(await client.get('dry-patch')).toEqual(created);
      });

      it('refuses annotations beyond 256 KiB', async () => {
        await client.create(manifest('large'));
        const patch = { metadata: { annotations: { a: 'x'.repeat(256 * 1024) } } };
        expect(await failureOf(client.merge('large', patch))).toMatchObject({ code: 422 });
      });

      it('answers 404 for a patch of what does not exist', async () => {
        expect((await failureOf(client.merge('absent', {}))).code).toBe(404);
      });
    });

    describe('delete', () => {
      it('removes an object that nothing holds', async () => {
        await client.create(manifest('removed'));
        expect(await client.remove('removed')).toMatchObject({ status: 'Success' });
        expect((await failureOf(client.get('removed'))).code).toBe(404);
      });

      it('waits for finalizers: marks first, removes when the last one goes', async () => {
        const body = manifest('held');
        await client.create({
          ...body,
          metadata: { ...body.metadata, finalizers: ['a.example/hold'] },
        });
        await client.remove('held');
        const held = await client.get('held');
        expect(held.metadata.deletionTimestamp).toMatch(/Z$/);
        expect(held.metadata.generation).toBe(2);
        const more = { metadata: { finalizers: ['a.example/hold', 'b.example/more'] } };
        expect((await failureOf(client.merge('held', more))).code).toBe(422);
        await client.merge('held', { metadata: { finalizers: null } });
        expect((await failureOf(client.get('held'))).code).toBe(404);
      });

      it('creates nothing in the place of what is being deleted', async () => {
        const body = manifest('leaving-place');
        const finalizers = ['a.example/hold'];
        await client.create({ ...body, metadata: { ...body.metadata, finalizers } });
        await client.remove('leaving-place');
        expect(await failureOf(client.create(body))).toMatchObject({
          code: 409,
          message:
            'object is being deleted: rootsyncs.configsync.gke.io "leaving-place" already exists',
        });
        await client.merge('leaving-place', { metadata: { finalizers: null } });
      });

      it('takes no deletionTimestamp from a client', async () => {
        const body = manifest('forged');
        const deletionTimestamp = '2026-01-01T00:00:00Z';
        const created = await client.create({
          ...body,
          metadata: { ...body.metadata, deletionTimestamp },
        });
        expect(created.metadata).not.toHaveProperty('deletionTimestamp');
        const patch = { metadata: { deletionTimestamp } };
        expect((await failureOf(client.merge('forged', patch))).code).toBe(422);
      });
    });

    watchContract({ kube: () => kube, client: () => client });
  });
}
