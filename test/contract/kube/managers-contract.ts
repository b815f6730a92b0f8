import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { KubeAnswer, SendKube } from '#infra/local/real/kube-request.ts';
import { manifest, NAMESPACE } from './rsync-client.ts';

const ROOTSYNCS = `/apis/configsync.gke.io/v1beta1/namespaces/${NAMESPACE}/rootsyncs`;
const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const MERGE = 'application/merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

const ENTRY = {
  manager: 'm',
  operation: 'Update',
  apiVersion: 'v1',
  time: '2026-01-01T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:data': {} },
};

const managedSchema = z.looseObject({
  metadata: z.looseObject({
    resourceVersion: z.string(),
    managedFields: z
      .array(
        z.looseObject({
          manager: z.string(),
          operation: z.string(),
          apiVersion: z.string(),
          time: z.string().optional(),
          fieldsType: z.literal('FieldsV1'),
          fieldsV1: z.looseObject({}),
          subresource: z.string().optional(),
        }),
      )
      .default([]),
  }),
});

/** Who owns which field, and what an apply may take from whom. */
export function managersContract(send: SendKube): void {
  const create = (path: string, body: object, manager: string) =>
    send({ method: 'POST', path: `${path}?fieldManager=${manager}`, body });
  const merge = (path: string, body: object, manager: string) =>
    send({ method: 'PATCH', path: `${path}?fieldManager=${manager}`, type: MERGE, body });
  const apply = (path: string, body: object, manager: string, more = '') =>
    send({ method: 'PATCH', path: `${path}?fieldManager=${manager}${more}`, type: APPLY, body });

  function managersOf(answer: KubeAnswer) {
    const { managedFields } = managedSchema.parse(answer.body).metadata;
    return managedFields.map(({ manager, operation, subresource, fieldsV1 }) => ({
      [`${operation} ${manager}${subresource === undefined ? '' : `/${subresource}`}`]: fieldsV1,
    }));
  }

  describe('managed fields', () => {
    it('gives a new object to the one who creates it', async () => {
      const created = await create(ROOTSYNCS, manifest('managed-new'), 'a');
      expect(managersOf(created)).toEqual([
        {
          'Update a': {
            'f:spec': {
              '.': {},
              'f:oci': { '.': {}, 'f:auth': {}, 'f:image': {} },
              'f:sourceType': {},
            },
          },
        },
      ]);
    });

    it('gives what is changed to the one who changes it, and takes it from the one before', async () => {
      await create(ROOTSYNCS, manifest('managed-change'), 'a');
      const change = { metadata: { annotations: { x: 'y' } }, spec: { oci: { image: 'x:v2' } } };
      const changed = await merge(`${ROOTSYNCS}/managed-change`, change, 'b');
      const byName = Object.assign({}, ...managersOf(changed));
      expect(byName).toEqual({
        'Update a': {
          'f:spec': { '.': {}, 'f:oci': { '.': {}, 'f:auth': {} }, 'f:sourceType': {} },
        },
        'Update b': {
          'f:metadata': { 'f:annotations': { '.': {}, 'f:x': {} } },
          'f:spec': { 'f:oci': { 'f:image': {} } },
        },
      });
    });

    it('keeps the managers of the status apart', async () => {
      await create(ROOTSYNCS, manifest('managed-status'), 'a');
      const status = { status: { observedGeneration: 1 } };
      const written = await merge(`${ROOTSYNCS}/managed-status/status`, status, 'a');
      const byName = Object.assign({}, ...managersOf(written));
      expect(byName).toMatchObject({
        'Update a': { 'f:spec': {} },
        'Update a/status': { 'f:status': { '.': {}, 'f:observedGeneration': {} } },
      });
    });

    it('lets a manager go that owns nothing any more', async () => {
      await create(ROOTSYNCS, manifest('managed-gone'), 'a');
      await merge(`${ROOTSYNCS}/managed-gone`, { metadata: { annotations: { x: 'y' } } }, 'b');
      const gone = await merge(
        `${ROOTSYNCS}/managed-gone`,
        { metadata: { annotations: null } },
        'c',
      );
      expect(managersOf(gone).flatMap(Object.keys)).toEqual(['Update a']);
    });

    it('keeps managers, times and version where a write changes nothing', async () => {
      const created = await create(ROOTSYNCS, manifest('managed-same'), 'a');
      const again = await merge(`${ROOTSYNCS}/managed-same`, { spec: { sourceType: 'oci' } }, 'b');
      expect(again.body).toEqual(created.body);
    });

    it('forgets all managers where a client wipes them, until an apply', async () => {
      await create(CONFIGMAPS, configMap('managed-wiped', { a: '1' }), 'a');
      const path = `${CONFIGMAPS}/managed-wiped`;
      const wiped = await merge(path, { metadata: { managedFields: [{}] } }, 'b');
      expect(managersOf(wiped)).toEqual([]);
      expect(managersOf(await merge(path, { data: { a: '2' } }, 'b'))).toEqual([]);
      const applied = await apply(path, configMap('managed-wiped', { b: '1' }), 'c');
      expect(managersOf(applied).flatMap(Object.keys).toSorted()).toEqual([
        'Apply c',
        'Update before-first-apply',
      ]);
    });

    it.each([
      ['a text', 'x'],
      ['texts', ['x']],
      ['a number for a name', [{ ...ENTRY, manager: 5 }]],
      ['no time', [{ ...ENTRY, time: 'yesterday' }]],
    ])('refuses a list of managers that cannot be read: %s', async (what, managedFields) => {
      const name = `managed-${what.replaceAll(' ', '-')}`;
      const withManagers = (body: { metadata: object }) => ({
        ...body,
        metadata: { ...body.metadata, managedFields },
      });
      for (const [path, body] of [
        [CONFIGMAPS, configMap(name, { a: '1' })],
        [ROOTSYNCS, manifest(name)],
      ] as const) {
        expect((await create(path, withManagers(body), 'a')).status).toBe(400);
        await create(path, body, 'a');
        const patched = await merge(`${path}/${name}`, { metadata: { managedFields } }, 'b');
        expect(patched.status).toBe(422);
      }
    });

    it.each([
      ['operation', { ...ENTRY, operation: 'Delete' }],
      ['version', { ...ENTRY, apiVersion: undefined }],
      ['type', { ...ENTRY, fieldsType: undefined }],
      ['tree', { ...ENTRY, fieldsV1: 'x' }],
      ['element', { ...ENTRY, fieldsV1: { zzz: {} } }],
      ['key', { ...ENTRY, fieldsV1: { 'k:{': {} } }],
      ['leaf', { ...ENTRY, fieldsV1: { 'f:data': 'x' } }],
    ])('keeps its managers where a list has no good %s', async (what, entry) => {
      const name = `managed-bad-${what}`;
      await create(CONFIGMAPS, configMap(name, { a: '1' }), 'a');
      const change = { metadata: { managedFields: [entry], labels: { x: 'y' } } };
      const patched = await merge(`${CONFIGMAPS}/${name}`, change, 'b');
      expect(managersOf(patched).flatMap(Object.keys).toSorted()).toEqual(['Update a', 'Update b']);
    });

    it('takes a list of managers that a client writes at a version, as kubectl migrates them', async () => {
      const created = await create(CONFIGMAPS, configMap('managed-moved', { a: '1' }), 'a');
      const { managedFields, resourceVersion } = managedSchema.parse(created.body).metadata;
      const moved = managedFields.map((entry) => ({ ...entry, manager: 'b', operation: 'Apply' }));
      const body = [
        { op: 'replace', path: '/metadata/managedFields', value: moved },
        { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
      ];
      const path = `${CONFIGMAPS}/managed-moved?fieldManager=b`;
      const type = 'application/json-patch+json';
      const patched = await send({ method: 'PATCH', path, type, body });
      expect(patched.status).toBe(200);
      expect(managersOf(patched).flatMap(Object.keys)).toEqual(['Apply b']);
      const stale = await send({ method: 'PATCH', path, type, body });
      expect(stale.status).toBe(409);
    });

    it('owns of a namespace what its creator sent', async () => {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'managed-namespace' } };
      expect(managersOf(await create('/api/v1/namespaces', body, 'a'))).toEqual([
        {
          'Update a': {
            'f:metadata': { 'f:labels': { '.': {}, 'f:kubernetes.io/metadata.name': {} } },
          },
        },
      ]);
    });
  });

  describe('server-side apply', () => {
    it('owns what it declares, and takes over what is equal without a conflict', async () => {
      await apply(`${CONFIGMAPS}/applied-equal`, configMap('applied-equal', { a: '1' }), 'a');
      const second = configMap('applied-equal', { a: '1', b: '2' });
      const shared = await apply(`${CONFIGMAPS}/applied-equal`, second, 'b');
      expect(shared.status).toBe(200);
      expect(Object.assign({}, ...managersOf(shared))).toEqual({
        'Apply a': { 'f:data': { 'f:a': {} } },
        'Apply b': { 'f:data': { 'f:a': {}, 'f:b': {} } },
      });
    });

    it('refuses to change what another manager owns, by field', async () => {
      await create(ROOTSYNCS, manifest('applied-conflict'), 'a');
      const path = `${ROOTSYNCS}/applied-conflict`;
      await apply(
        path,
        partial('applied-conflict', { oci: { image: manifestImage, auth: 'none' } }),
        'c',
      );
      const answer = await apply(
        path,
        partial('applied-conflict', { oci: { image: 'x:v2', auth: 'none' } }),
        'b',
      );
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({
        status: 'Failure',
        reason: 'Conflict',
        message: [
          'Apply failed with 2 conflicts: conflicts with "a" using configsync.gke.io/v1beta1',
          ':\n- .spec.oci.image\nconflicts with "c":\n- .spec.oci.image',
        ].join(''),
      });
      const { details } = z
        .looseObject({ details: z.object({ causes: z.array(z.looseObject({})) }) })
        .parse(answer.body);
      expect(details.causes).toContainEqual({
        reason: 'FieldManagerConflict',
        message: 'conflict with "c"',
        field: '.spec.oci.image',
      });
    });

    it('names one conflict in one line', async () => {
      await apply(`${CONFIGMAPS}/applied-one`, configMap('applied-one', { a: '1' }), 'a');
      const answer = await apply(
        `${CONFIGMAPS}/applied-one`,
        configMap('applied-one', { a: '2' }),
        'b',
      );
      expect(answer).toMatchObject({
        status: 409,
        body: { message: 'Apply failed with 1 conflict: conflict with "a": .data.a' },
      });
    });

    it('takes by force', async () => {
      await apply(
        `${CONFIGMAPS}/applied-force`,
        configMap('applied-force', { a: '1', b: '1' }),
        'a',
      );
      const forced = await apply(
        `${CONFIGMAPS}/applied-force`,
        configMap('applied-force', { a: '2' }),
        'b',
        '&force=true',
      );
      expect(forced).toMatchObject({ status: 200, body: { data: { a: '2', b: '1' } } });
      expect(Object.assign({}, ...managersOf(forced))).toEqual({
        'Apply a': { 'f:data': { 'f:b': {} } },
        'Apply b': { 'f:data': { 'f:a': {} } },
      });
    });

    it('removes what it declared before and does not declare now', async () => {
      const path = `${CONFIGMAPS}/applied-less`;
      const first = configMap('applied-less', { a: '1', b: '1', c: '1' });
      await apply(path, { ...first, metadata: { ...first.metadata, labels: { l: 'v' } } }, 'a');
      await apply(path, configMap('applied-less', { b: '1' }), 'b');
      await merge(path, { data: { d: '1' } }, 'c');
      const less = await apply(path, configMap('applied-less', { c: '1' }), 'a');
      expect(less.body).toMatchObject({ data: { b: '1', c: '1', d: '1' } });
      expect(less.body).not.toHaveProperty('data.a');
      expect(less.body).not.toHaveProperty('metadata.labels');
    });

    it('removes a whole part of a spec', async () => {
      const path = `${ROOTSYNCS}/applied-part`;
      const override = { statusMode: 'disabled' };
      await apply(path, partial('applied-part', { sourceType: 'oci', oci: OCI, override }), 'a');
      const less = await apply(path, partial('applied-part', { sourceType: 'oci', oci: OCI }), 'a');
      expect(less.body).toMatchObject({ spec: { sourceType: 'oci', oci: OCI } });
      expect(less.body).not.toHaveProperty('spec.override');
    });

    it('merges lists by their keys and as sets', async () => {
      const path = `${ROOTSYNCS}/applied-lists`;
      const level = (containerName: string, logLevel: number) => ({ containerName, logLevel });
      const lists = (finalizers: string[], logLevels: object[]) => {
        const body = partial('applied-lists', { oci: OCI, override: { logLevels } });
        return { ...body, metadata: { ...body.metadata, finalizers } };
      };
      await apply(path, lists(['a.example/x'], [level('reconciler', 1)]), 'a');
      const both = await apply(path, lists(['b.example/y'], [level('oci-sync', 2)]), 'b');
      expect(both.body).toMatchObject({
        metadata: { finalizers: ['a.example/x', 'b.example/y'] },
        spec: { override: { logLevels: [level('reconciler', 1), level('oci-sync', 2)] } },
      });
      const conflict = await apply(path, lists([], [level('reconciler', 3)]), 'b');
      expect(conflict.body).toMatchObject({
        message:
          'Apply failed with 1 conflict: conflict with "a": .spec.override.logLevels[containerName="reconciler"].logLevel',
      });
      const left = await apply(path, lists([], []), 'a');
      expect(left.body).toMatchObject({ metadata: { finalizers: ['b.example/y'] } });
      await merge(path, { metadata: { finalizers: null } }, 'c');
    });

    it('merges a set in the order of the apply', async () => {
      const path = `${ROOTSYNCS}/applied-order`;
      const held = (...names: string[]) => {
        const body = partial('applied-order', { oci: OCI });
        const finalizers = names.map((name) => `${name}.example/f`);
        return { ...body, metadata: { ...body.metadata, finalizers } };
      };
      await apply(path, held('a', 'b', 'c', 'd'), 'a');
      const merged = await apply(path, held('e', 'd', 'b'), 'b');
      expect(merged.body).toMatchObject(held('a', 'c', 'e', 'd', 'b'));
      await merge(path, { metadata: { finalizers: null } }, 'c');
    });

    it('removes an item with what another manager changed in it', async () => {
      const path = `${ROOTSYNCS}/applied-item`;
      const levels = (...logLevels: object[]) =>
        partial('applied-item', { oci: OCI, override: { statusMode: 'enabled', logLevels } });
      const one = { containerName: 'oci-sync', logLevel: 1 };
      const other = { containerName: 'reconciler', logLevel: 1 };
      await apply(path, levels(one, other), 'a');
      await apply(path, levels({ ...one, logLevel: 2 }, other), 'b', '&force=true');
      await merge(
        path,
        { spec: { override: { logLevels: [{ ...one, logLevel: 3 }, other] } } },
        'c',
      );
      await apply(path, levels(other), 'b', '&force=true');
      const less = await apply(path, levels(other), 'a', '&force=true');
      expect(less.body).toMatchObject({ spec: { override: { logLevels: [other] } } });
    });

    it('takes an equal apply as nothing done', async () => {
      const path = `${CONFIGMAPS}/applied-again`;
      const first = await apply(path, configMap('applied-again', { a: '1' }), 'a');
      expect(first.status).toBe(201);
      const again = await apply(path, configMap('applied-again', { a: '1' }), 'a');
      expect(again).toMatchObject({ status: 200, body: first.body });
    });

    it('owns no status through the main resource', async () => {
      const body = { ...manifest('applied-status'), status: { observedGeneration: 5 } };
      const applied = await apply(`${ROOTSYNCS}/applied-status`, body, 'a');
      expect(applied.body).not.toHaveProperty('status');
      expect(Object.assign({}, ...managersOf(applied))).not.toHaveProperty('Apply a.f:status');
    });

    it('wants a manager, and no list of managers', async () => {
      const path = `${CONFIGMAPS}/applied-bad`;
      const body = configMap('applied-bad', {});
      const { kind: _, ...untyped } = body;
      expect((await apply(path, untyped, 'a')).status).toBe(400);
      expect((await send({ method: 'PATCH', path, type: APPLY, body })).status).toBe(422);
      const listed = { ...body, metadata: { ...body.metadata, managedFields: [{}] } };
      expect((await apply(path, listed, 'a')).status).toBe(400);
    });

    it('refuses a field that its kind does not have', async () => {
      const body = { ...configMap('applied-unknown', {}), datum: { a: 'b' } };
      const answer = await apply(`${CONFIGMAPS}/applied-unknown`, body, 'a');
      expect(answer).toMatchObject({
        status: 500,
        body: {
          message:
            'failed to create typed patch object (default/applied-unknown; /v1, Kind=ConfigMap): .datum: field not declared in schema',
        },
      });
    });
  });
}

const manifestImage = 'registry.example/configs/platform:v1';
const OCI = { image: 'x:v1', auth: 'none' };

function configMap(name: string, data: Record<string, string>) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data };
}

function partial(name: string, spec: object) {
  return { ...manifest(name), spec };
}
