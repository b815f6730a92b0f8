import { request as plainRequest } from 'node:http';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdmissionWorld, startAdmissionWorld } from '#test/fixtures/admission-world.ts';
import { reviewOf, rootSync, UID } from '#test/fixtures/reviews.ts';

/** Attack 40 of docs/threat-model.md#attacks-on-signatures: every body, however malformed, gets an answer. */
const MAX_BODY_BYTES = 200_000;

let world: AdmissionWorld;
beforeAll(async () => {
  world = await startAdmissionWorld({ maxBodyBytes: MAX_BODY_BYTES });
});
afterAll(() => world?.close());

const good = (): string => reviewOf({ object: rootSync(`${world.host}/configs/a:v1`) });
const head = (version = 'v1'): string =>
  `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/${version}","request":{"uid":"${UID}",`;

describe('a body without a uid is answered with 4xx', () => {
  it.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['no JSON', 'hello'],
    [
      'half of a review',
      '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"ui',
    ],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '5'],
    ['another kind', JSON.stringify({ kind: 'Pod', apiVersion: 'v1' })],
    ['no request', JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' })],
    [
      'a request that is null',
      '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":null}',
    ],
    [
      'an empty uid',
      '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":""}}',
    ],
    [
      'a uid that is a number',
      '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":7}}',
    ],
    [
      'a uid that is longer than any',
      JSON.stringify({
        kind: 'AdmissionReview',
        apiVersion: 'admission.k8s.io/v1',
        request: { uid: 'u'.repeat(300) },
      }),
    ],
    ['bytes that are no UTF-8', new Uint8Array([0xff, 0xfe, 0x7b, 0x7d])],
    ['brackets without end', '['.repeat(100_000)],
    [
      'a response for a request',
      '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"a","allowed":true}}',
    ],
  ])('%s', async (_, body) => {
    const { status, review, text } = await world.post(body);
    expect(status).toBe(400);
    expect(review).toEqual({});
    expect(text).not.toContain('    at ');
  });

  it('a body past the limit', async () => {
    expect((await world.post(' '.repeat(MAX_BODY_BYTES + 1))).status).toBe(413);
  });
});

describe('a body with a uid is answered under it', () => {
  it.each<[string, () => string]>([
    ['a request that is nothing else', () => `${head()}"x":1}}`],
    [
      'a request whose parts have other types',
      () => `${head()}"kind":5,"resource":[],"operation":{}}}`,
    ],
    ['text that breaks off', () => `${head()}"kind":{`],
    ['brackets without end', () => `${head()}"object":${'['.repeat(100_000)}`],
    ['braces without end, in a string', () => `${head()}"object":"${'{'.repeat(50_000)}"}}`],
    [
      'keys of the prototype',
      () => `${head()}"__proto__":{"allowed":true},"constructor":{"prototype":{}}}}`,
    ],
    ['the uid twice', () => `${head()}"uid":"${UID}"}}`],
    [
      'a version that is not spoken',
      () => good().replace('admission.k8s.io/v1"', 'admission.k8s.io/v2"'),
    ],
  ])('%s', async (_, body) => {
    const { status, review } = await world.post(body());
    expect(status).toBe(200);
    expect(review.response).toMatchObject({ uid: UID, allowed: false, status: { code: 400 } });
  });

  it('without parsing what nests deeper than is read', async () => {
    const body = `${head()}"object":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`;
    expect((await world.post(body)).review.response).toMatchObject({
      uid: UID,
      allowed: false,
      status: { code: 400, message: expect.stringContaining('nests deeper') },
    });
  });

  it.each([
    ['of a declared length', {}],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('past the limit %s', async (_, headers) => {
    const body = `${head()}"object":"${'x'.repeat(MAX_BODY_BYTES)}"}}`;
    const { status, review } = await world.post(body, { headers });
    expect(status).toBe(200);
    expect(review.response).toMatchObject({ uid: UID, allowed: false, status: { code: 400 } });
  });

  it('in the version that asked', async () => {
    const { review } = await world.post(`${head('v1beta1')}"object":${'['.repeat(50_000)}`);
    expect(review).toMatchObject({
      apiVersion: 'admission.k8s.io/v1beta1',
      response: { uid: UID },
    });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', ''])(
    'with content-type %o',
    async (type) => {
      const { status, review } = await world.post(good(), { headers: { 'content-type': type } });
      expect(status).toBe(200);
      expect(review.response).toMatchObject({
        uid: UID,
        allowed: false,
        status: { code: 400, message: expect.stringContaining('application/json') },
      });
    },
  );

  it.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON'])(
    'with content-type %s, as a review',
    async (type) => {
      const { review } = await world.post(good(), { headers: { 'content-type': type } });
      expect(review.response).toMatchObject({ uid: UID, allowed: true });
    },
  );

  it.each([
    '5',
    '-5s',
    '1e9s',
    '99999999999s',
    '',
    '0s',
    'x'.repeat(5_000),
    '%00',
    '10s&timeout=0s',
  ])('with ?timeout=%s', async (timeout) => {
    const { review } = await world.post(good(), { path: `/validate?timeout=${timeout}` });
    expect(review.response).toMatchObject({ uid: UID, allowed: true });
  });
});

describe('other requests', () => {
  it.each([
    ['GET', '/validate', 405],
    ['PUT', '/validate', 405],
    ['POST', '/', 404],
    ['POST', '/validate/', 404],
    ['GET', '/health', 200],
    ['GET', '/ready', 200],
  ])('%s %s is answered with %i', async (method, path, expected) => {
    expect((await world.post('', { method, path })).status).toBe(expected);
  });

  it('in plain HTTP are dropped, and harm no other', async () => {
    const port = Number(new URL(world.url).port);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    plainRequest({ port, host: '127.0.0.1', method: 'POST', path: '/validate' })
      .on('response', (response) => resolve(response.statusCode))
      .on('error', (error) => resolve(error.message))
      .end('{}');
    expect(await promise).not.toBe(200);
    expect((await world.post(good())).review.response?.allowed).toBe(true);
  });

  it('below TLS 1.2 get no connection', async () => {
    const port = Number(new URL(world.url).port);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const socket = connect({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    socket
      .on('secureConnect', () => resolve('connected'))
      .on('error', (error) => resolve(error.message));
    expect(await promise).not.toBe('connected');
    socket.destroy();
  });
});
