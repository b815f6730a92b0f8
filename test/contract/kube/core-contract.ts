import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { SendKube } from '#infra/local/real/kube-request.ts';
import { manifest, NAMESPACE } from './rsync-client.ts';

const ROOTSYNCS = `/apis/configsync.gke.io/v1beta1/namespaces/${NAMESPACE}/rootsyncs`;
const AUTHORIZATION = '/apis/authorization.k8s.io/v1';

const listSchema = z.looseObject({
  kind: z.string(),
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })),
});

const metadataSchema = z.looseObject({
  metadata: z.looseObject({
    creationTimestamp: z.string(),
    managedFields: z.array(z.looseObject({ time: z.string() })),
  }),
});

interface Described {
  $ref?: string | undefined;
  allOf?: Described[] | undefined;
  type?: string | undefined;
  format?: string | undefined;
  properties?: Record<string, Described> | undefined;
  items?: Described | undefined;
  additionalProperties?: Described | boolean | undefined;
}

const describedSchema: z.ZodType<Described> = z.looseObject({
  $ref: z.string().optional(),
  get allOf() {
    return z.array(describedSchema).optional();
  },
  type: z.string().optional(),
  format: z.string().optional(),
  get properties() {
    return z.record(z.string(), describedSchema).optional();
  },
  get items() {
    return describedSchema.optional();
  },
  get additionalProperties() {
    return z.union([describedSchema, z.boolean()]).optional();
  },
});
const documentSchema = z.looseObject({
  components: z.object({ schemas: z.record(z.string(), describedSchema) }),
});

/** Collections, reviews of one's own rights, and what is said of the kinds. */
export function coreContract(send: SendKube): void {
  const post = (path: string, body: object) => send({ method: 'POST', path, body });

  describe('delete of a collection', () => {
    it('removes what the selector matches, and answers the list', async () => {
      for (const [name, set] of [
        ['collection-a', 'gone'],
        ['collection-b', 'gone'],
        ['collection-c', 'kept'],
      ] as const) {
        const body = manifest(name);
        await post(ROOTSYNCS, { ...body, metadata: { ...body.metadata, labels: { set } } });
      }
      const path = `${ROOTSYNCS}?labelSelector=set%3Dgone`;
      const answer = await send({ method: 'DELETE', path });
      expect(answer.status).toBe(200);
      const list = listSchema.parse(answer.body);
      expect(list.kind).toBe('RootSyncList');
      expect(list.items.map(({ metadata }) => metadata.name)).toEqual([
        'collection-a',
        'collection-b',
      ]);
      expect((await send({ method: 'GET', path: `${ROOTSYNCS}/collection-a` })).status).toBe(404);
      expect((await send({ method: 'GET', path: `${ROOTSYNCS}/collection-c` })).status).toBe(200);
    });

    it('removes nothing in a dry run', async () => {
      const body = manifest('collection-dry');
      await post(ROOTSYNCS, { ...body, metadata: { ...body.metadata, labels: { set: 'dry' } } });
      await send({ method: 'DELETE', path: `${ROOTSYNCS}?labelSelector=set%3Ddry&dryRun=All` });
      expect((await send({ method: 'GET', path: `${ROOTSYNCS}/collection-dry` })).status).toBe(200);
    });

    it.each(['/api/v1/namespaces', '/api/v1/configmaps'])('is not for %s', async (path) => {
      expect((await send({ method: 'DELETE', path })).status).toBe(405);
    });
  });

  describe('immutable objects', () => {
    it.each([
      ['configmaps', { immutable: true, data: { a: '1' } }, { data: { a: '2' } }, 'data'],
      ['configmaps', { immutable: true }, { immutable: null }, 'immutable'],
      ['secrets', { immutable: true, data: { a: 'MQ==' } }, { data: { a: 'Mg==' } }, 'data'],
      ['secrets', { type: 'a.example/one' }, { type: 'a.example/two' }, 'type'],
    ])('are not changed: %s %o %o', async (plural, fields, change, field) => {
      const name = `immutable-${field}`;
      const path = `/api/v1/namespaces/default/${plural}`;
      await post(path, { metadata: { name }, ...fields });
      const type = 'application/merge-patch+json';
      const answer = await send({ method: 'PATCH', path: `${path}/${name}`, type, body: change });
      expect(answer).toMatchObject({
        status: 422,
        body: { reason: 'Invalid', details: { causes: [{ field }] } },
      });
    });
  });

  describe('times', () => {
    it('takes a time back in another form', async () => {
      const metadata = { name: 'times', namespace: 'default', labels: { a: 'b' } };
      const path = '/api/v1/namespaces/default/configmaps';
      const created = metadataSchema.parse((await post(path, { metadata })).body).metadata;
      const offset = (time: string) => time.replace('Z', '+00:00');
      const managedFields = created.managedFields.map((entry) => ({
        ...entry,
        time: offset(entry.time),
      }));
      const creationTimestamp = offset(created.creationTimestamp);
      const body = { metadata: { ...created, creationTimestamp, managedFields } };
      const again = await send({ method: 'PUT', path: `${path}/times`, body });
      expect(again).toMatchObject({ status: 200, body: { metadata: created } });
    });
  });

  describe('reviews', () => {
    it('says that the caller may', async () => {
      const answer = await post(`${AUTHORIZATION}/selfsubjectaccessreviews`, {
        spec: {
          resourceAttributes: { verb: 'patch', group: 'configsync.gke.io', resource: 'rootsyncs' },
        },
      });
      expect(answer).toMatchObject({ status: 201, body: { status: { allowed: true } } });
    });

    it('lists what the caller may do', async () => {
      const answer = await post(`${AUTHORIZATION}/selfsubjectrulesreviews`, {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectRulesReview',
        spec: { namespace: 'default' },
      });
      expect(answer).toMatchObject({
        status: 201,
        body: { status: { incomplete: false, resourceRules: expect.any(Array) } },
      });
    });

    it('has them among what is served, to be created alone', async () => {
      const { body } = await send({ method: 'GET', path: AUTHORIZATION });
      expect(body).toMatchObject({
        groupVersion: 'authorization.k8s.io/v1',
        resources: expect.arrayContaining([
          expect.objectContaining({
            name: 'selfsubjectaccessreviews',
            kind: 'SelfSubjectAccessReview',
            namespaced: false,
            verbs: ['create'],
          }),
        ]),
      });
      const groups = await send({ method: 'GET', path: '/apis' });
      expect(JSON.stringify(groups.body)).toContain('"authentication.k8s.io/v1"');
      const list = await send({ method: 'GET', path: `${AUTHORIZATION}/selfsubjectaccessreviews` });
      expect(list.status).toBe(405);
    });
  });

  describe('discovery', () => {
    it.each(['/api', '/api/v1', '/apis', '/apis/configsync.gke.io', '/version'])(
      'answers %s with a slash at its end as without',
      async (path) => {
        const { status, body } = await send({ method: 'GET', path: `${path}/` });
        expect([status, body]).toEqual([200, (await send({ method: 'GET', path })).body]);
      },
    );

    it('lists its paths', async () => {
      const { body } = await send({ method: 'GET', path: '/' });
      const paths = ['/api', '/apis/configsync.gke.io/v1beta1', '/version'];
      expect(body).toEqual({ paths: expect.arrayContaining(paths) });
    });

    it('has no collection of namespaces to be deleted', async () => {
      const { body } = await send({ method: 'GET', path: '/api/v1' });
      const { resources } = resourcesSchema.parse(body);
      const { verbs = [] } = resources.find(({ name }) => name === 'namespaces') ?? {};
      const expected = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
      expect(verbs.toSorted()).toEqual(expected);
    });
  });

  describe('OpenAPI', () => {
    it.each(Object.entries(FIELDS))('describes the fields of %s', async (kind, fields) => {
      const path = kind.includes('Sync') ? 'apis/configsync.gke.io/v1beta1' : 'api/v1';
      const { body } = await send({ method: 'GET', path: `/openapi/v3/${path}` });
      const { schemas } = documentSchema.parse(body).components;
      const [, schema] =
        Object.entries(schemas).find(
          ([name]) => name.endsWith(`v1.${kind}`) || name.endsWith(`v1beta1.${kind}`),
        ) ?? [];
      for (const [field, type] of Object.entries(fields)) {
        expect([field, typeAt(schemas, schema, field.split('.'))]).toEqual([field, type]);
      }
    });
  });
}

const resourcesSchema = z.looseObject({
  resources: z.array(z.looseObject({ name: z.string(), verbs: z.array(z.string()) })),
});

/** Of each kind that is served: the types of some of its fields. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ConfigMap: { data: 'map of string', binaryData: 'map of string:byte', immutable: 'boolean' },
  Secret: { data: 'map of string:byte', stringData: 'map of string', type: 'string' },
  Namespace: {
    'metadata.labels': 'map of string',
    'metadata.generation': 'integer:int64',
    'metadata.creationTimestamp': 'string:date-time',
    'metadata.finalizers': 'list of string',
    'metadata.ownerReferences': 'list of object',
    'metadata.managedFields': 'list of object',
    'spec.finalizers': 'list of string',
    'status.phase': 'string',
    'status.conditions': 'list of object',
  },
  Event: {
    'involvedObject.fieldPath': 'string',
    'source.component': 'string',
    count: 'integer:int32',
    eventTime: 'string:date-time',
    'series.lastObservedTime': 'string:date-time',
    reportingComponent: 'string',
  },
  RootSync: {
    'spec.oci.image': 'string',
    'spec.override.logLevels': 'list of object',
    'status.observedGeneration': 'integer:int64',
    'metadata.annotations': 'map of string',
  },
};

function typeAt(
  schemas: Record<string, Described>,
  schema: Described | undefined,
  path: readonly string[],
): string {
  const [field, ...rest] = path;
  const found = resolve(schemas, schema);
  if (field !== undefined) return typeAt(schemas, found?.properties?.[field], rest);
  if (found?.items !== undefined) return `list of ${typeAt(schemas, found.items, [])}`;
  const each = found?.additionalProperties;
  if (typeof each === 'object') return `map of ${typeAt(schemas, each, [])}`;
  return [found?.type, found?.format].filter(Boolean).join(':');
}

function resolve(
  schemas: Record<string, Described>,
  schema: Described | undefined,
): Described | undefined {
  const [only] = schema?.allOf ?? [];
  const ref = only?.$ref ?? schema?.$ref;
  return ref === undefined ? schema : resolve(schemas, schemas[ref.split('/').at(-1) ?? '']);
}
