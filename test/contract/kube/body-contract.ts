import { describe, expect, it } from 'vitest';
import { builtInType } from '#infra/local/kube/built-in-types.ts';
import type { SendKube } from '#infra/local/real/kube-request.ts';
import { manifest, NAMESPACE } from './rsync-client.ts';

const ROOTSYNCS = `/apis/configsync.gke.io/v1beta1/namespaces/${NAMESPACE}/rootsyncs`;
const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const MERGE = 'application/merge-patch+json';

/** What bodies may be, and what becomes of what a kind does not have. */
export function bodyContract(send: SendKube): void {
  const post = (path: string, body: unknown, type?: string) =>
    send({ method: 'POST', path, body, ...(type === undefined ? {} : { type }) });

  describe('bodies', () => {
    it.each([
      ['ConfigMap', CONFIGMAPS, { data: { text: 'a', empty: '' }, binaryData: { b: 'AAE=' } }],
      [
        'Secret',
        '/api/v1/namespaces/default/secrets',
        { data: { key: 'c2VjcmV0' }, type: 'Opaque' },
      ],
      ['Namespace', '/api/v1/namespaces', {}],
    ])('takes a %s as protobuf', async (kind, path, fields) => {
      const name = `protobuf-${kind.toLowerCase()}`;
      const labels = { a: 'b' };
      const body = encode('v1', kind, { metadata: { name, labels }, ...fields });
      const created = await post(path, body, PROTOBUF);
      expect(created).toMatchObject({
        status: 201,
        body: { apiVersion: 'v1', kind, metadata: { name, labels }, ...fields },
      });
      expect((await send({ method: 'GET', path: `${path}/${name}` })).body).toEqual(created.body);
    });

    it('refuses what is nested without end', async () => {
      const depth = 20_000;
      const nested = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
      const of = (kind: object, field: string) =>
        `${JSON.stringify(kind).slice(0, -1)},"${field}":${nested}}`;
      const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'nested' } };
      await post(ROOTSYNCS, manifest('nested'));
      const patch = (type: string, body: string) =>
        send({ method: 'PATCH', path: `${ROOTSYNCS}/nested?fieldManager=a`, type, body });
      const answers = await Promise.all([
        post(CONFIGMAPS, of(map, 'data')),
        post(ROOTSYNCS, of(manifest('nested-too'), 'unknown')),
        patch(MERGE, of({ metadata: {} }, 'spec')),
        patch('application/apply-patch+yaml', of(manifest('nested'), 'unknown')),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    });

    it('takes an event as protobuf, with its times', async () => {
      const event = {
        metadata: { name: 'protobuf-event', namespace: 'default' },
        involvedObject: { kind: 'Namespace', name: 'default', namespace: 'default' },
        firstTimestamp: { seconds: 1_767_225_600 },
        count: 2,
        reason: 'Seen',
      };
      const created = await post(
        '/api/v1/namespaces/default/events',
        encode('v1', 'Event', event),
        PROTOBUF,
      );
      expect(created).toMatchObject({
        status: 201,
        body: {
          reason: 'Seen',
          count: 2,
          firstTimestamp: '2026-01-01T00:00:00Z',
          involvedObject: event.involvedObject,
        },
      });
    });

    it('refuses what is not of the type that it says', async () => {
      expect((await post(CONFIGMAPS, Buffer.from('{}'), PROTOBUF)).status).toBe(400);
      expect((await post(CONFIGMAPS, '{}', 'text/plain')).status).toBe(415);
    });

    it('takes kind and version from the path where a body of a core kind has none', async () => {
      const created = await post(CONFIGMAPS, { metadata: { name: 'untyped' }, data: { a: 'b' } });
      expect(created).toMatchObject({ status: 201, body: { kind: 'ConfigMap', apiVersion: 'v1' } });
      const { kind: _, ...body } = manifest('untyped');
      expect((await post(ROOTSYNCS, body)).status).toBe(400);
    });

    it('refuses a value of a wrong type in a core kind', async () => {
      const answer = await post(CONFIGMAPS, { metadata: { name: 'odd-type' }, data: { a: 1 } });
      expect(answer).toMatchObject({ status: 400, body: { reason: 'BadRequest' } });
    });

    it('reads null in a core kind as absent, and in a map as empty', async () => {
      const path = '/api/v1/namespaces/default/secrets';
      const nothing = { data: null, stringData: null, type: null, immutable: null };
      const labels = { empty: null };
      expect(await post(path, { metadata: { name: 'nulls', labels }, ...nothing })).toMatchObject({
        status: 201,
        body: { metadata: { labels: { empty: '' } }, type: 'Opaque' },
      });
      const settings = { metadata: { name: 'nulls' }, data: { a: null }, binaryData: null };
      const { status, body } = await post(CONFIGMAPS, settings);
      expect([status, body]).toMatchObject([201, { data: { a: '' } }]);
      expect(body).not.toHaveProperty('binaryData');
    });

    it('writes the texts of a Secret into its data', async () => {
      const created = await post('/api/v1/namespaces/default/secrets', {
        metadata: { name: 'texts' },
        data: { kept: 'YQ==' },
        stringData: { text: 'secret' },
      });
      expect(created.body).toMatchObject({
        data: { kept: 'YQ==', text: 'c2VjcmV0' },
        type: 'Opaque',
      });
      expect(created.body).not.toHaveProperty('stringData');
    });
  });

  describe('unknown fields', () => {
    const odd = (name: string) => {
      const body = manifest(name);
      return {
        ...body,
        spec: { ...body.spec, sourceTyp: 'oci', oci: { image: 'x:v1', auth: 'none', tag: 'v1' } },
      };
    };

    it('drops them, and warns of each', async () => {
      const created = await post(ROOTSYNCS, odd('unknown-warn'));
      expect(created.status).toBe(201);
      expect(created.body).not.toHaveProperty('spec.sourceTyp');
      expect(created.body).not.toHaveProperty('spec.oci.tag');
      const warnings = String(created.headers['warning']).split(', ').toSorted();
      expect(warnings).toEqual([
        String.raw`299 - "unknown field \"spec.oci.tag\""`,
        String.raw`299 - "unknown field \"spec.sourceTyp\""`,
      ]);
    });

    it('warns of one in any letters', async () => {
      const created = await post(ROOTSYNCS, { ...manifest('unknown-letters'), größe: 1, 大: 2 });
      expect(created.status).toBe(201);
      const warnings = Buffer.from(String(created.headers['warning']), 'latin1').toString();
      expect(warnings.split(', ').toSorted()).toEqual([
        String.raw`299 - "unknown field \"größe\""`,
        String.raw`299 - "unknown field \"大\""`,
      ]);
    });

    it('drops them without a word where the client does not care', async () => {
      const created = await post(`${ROOTSYNCS}?fieldValidation=Ignore`, odd('unknown-ignore'));
      expect(created.status).toBe(201);
      expect(created.headers['warning']).toBeUndefined();
    });

    it('refuses them under Strict', async () => {
      const answer = await post(`${ROOTSYNCS}?fieldValidation=Strict`, odd('unknown-strict'));
      expect(answer).toMatchObject({ status: 400, body: { reason: 'BadRequest' } });
      const message = messageOf(answer.body);
      expect(message).toMatch(
        /^RootSync in version "v1beta1" cannot be handled as a RootSync: strict decoding error: /,
      );
      expect(message).toContain('unknown field "spec.oci.tag"');
      expect(message).toContain('unknown field "spec.sourceTyp"');
    });

    it('refuses them in a patch under Strict', async () => {
      await post(ROOTSYNCS, manifest('unknown-patch'));
      const path = `${ROOTSYNCS}/unknown-patch?fieldValidation=Strict`;
      const body = { spec: { oci: { tag: 'v1' } } };
      const answer = await send({ method: 'PATCH', path, type: MERGE, body });
      expect(answer).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
      expect(messageOf(answer.body)).toContain(
        'strict decoding error: unknown field "spec.oci.tag"',
      );
    });

    it('refuses them in a core kind under Strict, and in metadata', async () => {
      const body = { metadata: { name: 'unknown-core', labelz: {} }, datum: {} };
      const answer = await post(`${CONFIGMAPS}?fieldValidation=Strict`, body);
      expect(answer.status).toBe(400);
      expect(messageOf(answer.body)).toContain('unknown field "datum"');
      expect(messageOf(answer.body)).toContain('unknown field "metadata.labelz"');
    });

    it('warns of a key that is there twice, of which the last counts, and refuses it under Strict', async () => {
      const twice = (name: string) =>
        `{"metadata":{"name":"${name}"},"data":{"a":"{\\"","a" : "x","b":"y"}}`;
      const created = await post(CONFIGMAPS, twice('twice'));
      expect(created).toMatchObject({ status: 201, body: { data: { a: 'x', b: 'y' } } });
      expect(created.headers['warning']).toBe(String.raw`299 - "duplicate field \"data.a\""`);
      const strict = '?fieldValidation=Strict';
      const refused = await post(`${CONFIGMAPS}${strict}`, twice('twice-strict'));
      expect([refused.status, messageOf(refused.body)]).toEqual([
        400,
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.a"',
      ]);
      const sync = JSON.stringify(manifest('twice-strict'));
      const oci = sync.replace('"oci":{', '"oci":{"auth":"none","image":"x",');
      expect(messageOf((await post(`${ROOTSYNCS}${strict}`, oci)).body)).toContain(
        'duplicate field "spec.oci.image"',
      );
      const patch = { method: 'PATCH', type: MERGE, body: '{"data":{"a":"z","a":"w"}}' } as const;
      const patched = await send({ path: `${CONFIGMAPS}/twice${strict}`, ...patch });
      expect(patched.status).toBe(422);
      expect(messageOf(patched.body)).toContain('duplicate field "data.a"');
    });

    it('keeps what is anything by its schema', async () => {
      const helm = { repo: 'oci://x', chart: 'c', auth: 'none', values: { any: { thing: [1] } } };
      const body = { ...manifest('unknown-kept'), spec: { sourceType: 'helm', helm } };
      expect((await post(`${ROOTSYNCS}?fieldValidation=Strict`, body)).body).toMatchObject({
        spec: { helm },
      });
    });

    it('refuses a directive that it does not know', async () => {
      const answer = await post(`${ROOTSYNCS}?fieldValidation=Loud`, manifest('unknown-loud'));
      expect(answer.status).toBe(422);
    });
  });
}

function messageOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : '';
}

/** As Go's typed clients write it: a prefix, and the message in an envelope that names its type. */
function encode(apiVersion: string, kind: string, object: object): Buffer {
  const [envelope, type] = [builtInType('Unknown'), builtInType(kind)];
  if (envelope === undefined || type === undefined) throw new Error(`${kind} has no protobuf`);
  const raw = type.encode(type.fromObject(object)).finish();
  const body = envelope
    .encode(envelope.fromObject({ typeMeta: { apiVersion, kind }, raw }))
    .finish();
  return Buffer.concat([Buffer.from('k8s\0'), body]);
}
