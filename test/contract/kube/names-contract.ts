import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { SendKube } from '#infra/local/real/kube-request.ts';
import { manifest, NAMESPACE } from './rsync-client.ts';

const CORE = '/api/v1/namespaces/default';
const ROOTSYNCS = `/apis/configsync.gke.io/v1beta1/namespaces/${NAMESPACE}/rootsyncs`;
const LONG = 'a'.repeat(64);

const causesSchema = z.looseObject({
  details: z.looseObject({
    causes: z.array(z.looseObject({ message: z.string(), field: z.string() })),
  }),
});

/** What names, keys and contents may not be. */
export function namesContract(send: SendKube): void {
  const create = (plural: string, object: object) =>
    send({ method: 'POST', path: `${CORE}/${plural}`, body: { apiVersion: 'v1', ...object } });

  async function causesOf(plural: string, object: object): Promise<readonly string[]> {
    const { status, body } = await create(plural, object);
    expect(status).toBe(422);
    return causesSchema
      .parse(body)
      .details.causes.map(({ field, message }) => `${field}: ${message}`);
  }

  const configMap = (metadata: object, more: object = {}) => ({
    kind: 'ConfigMap',
    metadata: { name: 'named', ...metadata },
    ...more,
  });
  const secret = (type: string, data: object) => ({
    kind: 'Secret',
    metadata: { name: 'named' },
    type,
    data,
  });

  describe('names', () => {
    it.each<[string, object, string]>([
      [
        'a label',
        { labels: { 'bad key': 'x' } },
        'metadata.labels: Invalid value: "bad key": name',
      ],
      ['the value of a label', { labels: { x: 'bad value' } }, 'metadata.labels: Invalid value'],
      ['a long label', { labels: { [LONG]: 'x' } }, 'name part must be no more than 63 characters'],
      ['the domain of a label', { labels: { 'A_/x': 'y' } }, '"A_/x": prefix part a lowercase RFC'],
      ['an annotation', { annotations: { 'a/b/c': 'x' } }, 'metadata.annotations: Invalid value'],
      ['a finalizer', { finalizers: ['plain'] }, 'metadata.finalizers[0]: Invalid value: "plain"'],
      ['an owner', { ownerReferences: [{ name: 'x' }] }, 'ownerReferences.uid: Invalid value: ""'],
    ])('refuses %s', async (_, metadata, cause) => {
      const causes = await causesOf('configmaps', configMap(metadata));
      expect(causes).toContainEqual(expect.stringContaining(cause));
    });

    it('takes annotations in capitals, and the finalizers that Kubernetes has', async () => {
      const metadata = {
        name: 'named-well',
        annotations: { 'UP.example/X_y.z': '' },
        finalizers: ['x.io/a'],
      };
      expect((await create('configmaps', configMap(metadata))).status).toBe(201);
    });

    it('generates names of 63 characters at most', async () => {
      const generateName = `${'a'.repeat(57)}-${'b'.repeat(190)}`;
      const answer = await create('configmaps', { kind: 'ConfigMap', metadata: { generateName } });
      expect(answer).toMatchObject({
        status: 201,
        body: {
          metadata: {
            generateName,
            name: expect.stringMatching(/^a{57}-[b-df-hj-np-tv-xz24-9]{5}$/),
          },
        },
      });
    });

    it('takes a finalizer without a domain on a custom resource', async () => {
      const body = manifest('named-custom');
      const metadata = { ...body.metadata, finalizers: ['plain'] };
      const answer = await send({ method: 'POST', path: ROOTSYNCS, body: { ...body, metadata } });
      expect(answer.status).toBe(201);
    });

    it('has no dots in the name of a namespace', async () => {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a.b' } };
      const answer = await send({ method: 'POST', path: '/api/v1/namespaces', body });
      expect(answer.status).toBe(422);
      expect(JSON.stringify(answer.body)).toContain('must not contain dots');
    });

    it('keeps the namespaces that every cluster has', async () => {
      const answer = await send({ method: 'DELETE', path: '/api/v1/namespaces/default' });
      expect(answer.status).toBe(403);
    });
  });

  describe('contents', () => {
    it('refuses a key that is no file name, and one that is there twice', async () => {
      const key = await causesOf('configmaps', configMap({}, { data: { 'a b': 'c' } }));
      expect(key).toContainEqual(expect.stringContaining('data[a b]: Invalid value: "a b"'));
      const twice = { data: { a: 'x' }, binaryData: { a: 'YQ==' } };
      expect(await causesOf('configmaps', configMap({}, twice))).toEqual([
        'data[a]: Invalid value: "a": duplicate of key present in binaryData',
      ]);
    });

    it('refuses what is no base64', async () => {
      for (const [text, at] of [
        ['not base64!', 3],
        ['YQ=', 3],
        ['YQ', 0],
      ] as const) {
        const { status, body } = await create('secrets', secret('Opaque', { a: text }));
        expect(status).toBe(400);
        expect(JSON.stringify(body)).toContain(`illegal base64 data at input byte ${at}`);
      }
    });

    it.each([
      ['kubernetes.io/tls', ['data[tls.crt]: Required value', 'data[tls.key]: Required value']],
      ['kubernetes.io/dockerconfigjson', ['data[.dockerconfigjson]: Required value']],
      [
        'kubernetes.io/basic-auth',
        ['data[username]: Required value', 'data[password]: Required value'],
      ],
    ])('refuses a Secret of type %s without its keys', async (type, causes) => {
      expect(await causesOf('secrets', secret(type, { a: 'YQ==' }))).toEqual(causes);
    });

    it('refuses a Secret whose settings of Docker are no JSON, without them', async () => {
      const config = { '.dockerconfigjson': Buffer.from('aloud').toString('base64') };
      const causes = await causesOf('secrets', secret('kubernetes.io/dockerconfigjson', config));
      const start = 'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": ';
      expect(causes).toEqual([expect.stringContaining(start)]);
      expect(JSON.stringify(causes)).not.toContain('aloud');
    });

    it('refuses the token of a service account that it does not name', async () => {
      expect(await causesOf('secrets', secret('kubernetes.io/service-account-token', {}))).toEqual([
        'metadata.annotations[kubernetes.io/service-account.name]: Required value',
      ]);
    });

    it.each(['.', '..', '..a'])('refuses the key %s, which leads out of a folder', async (key) => {
      expect(await causesOf('configmaps', configMap({}, { data: { [key]: 'b' } }))).toEqual([
        expect.stringContaining(`data[${key}]: Invalid value: "${key}": must not `),
      ]);
    });

    it('takes 1 MiB, and refuses a byte more', async () => {
      const mebibyte = 'a'.repeat(1024 * 1024 - 1);
      const texts = (a: string) => configMap({ name: 'large' }, { data: { a, b: 'b' } });
      const bytes = (a: string) => secret('Opaque', { a: Buffer.from(a).toString('base64') });
      const limit = 'Too long: may not be more than 1048576 bytes';
      expect(await causesOf('configmaps', texts(`${mebibyte}b`))).toEqual([`[]: ${limit}`]);
      expect(await causesOf('secrets', bytes(`${mebibyte}bc`))).toEqual([`data: ${limit}`]);
      expect((await create('configmaps', texts(mebibyte))).status).toBe(201);
    });
  });
}
