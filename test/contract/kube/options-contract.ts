import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { KubeAnswer, SendKube } from '#infra/local/real/kube-request.ts';
import { manifest, NAMESPACE } from './rsync-client.ts';

const GROUP = '/apis/configsync.gke.io';
const ROOTSYNCS = `${GROUP}/v1beta1/namespaces/${NAMESPACE}/rootsyncs`;
const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const MERGE = 'application/merge-patch+json';
const APPLY = 'application/apply-patch+yaml';
const LONG = 'm'.repeat(129);

const createdSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string() }),
});

/** What a write says of itself: by which manager, how, and in which version. */
export function optionsContract(send: SendKube): void {
  const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

  function causeOf({ status, body }: KubeAnswer): unknown {
    expect(status).toBe(422);
    return body;
  }

  describe('the options of a write', () => {
    it.each([
      ['create', 'POST', '', 'application/json', 'CreateOptions'],
      ['update', 'PUT', '/options-held', 'application/json', 'UpdateOptions'],
      ['patch', 'PATCH', '/options-held', MERGE, 'PatchOptions'],
      ['apply', 'PATCH', '/options-held', APPLY, 'PatchOptions'],
    ])('have no manager that is too long: %s', async (_, method, place, type, options) => {
      await send({ method: 'POST', path: CONFIGMAPS, body: configMap('options-held') });
      const path = `${CONFIGMAPS}${place}?fieldManager=${LONG}`;
      const answer = await send({ method, path, type, body: configMap('options-held') });
      expect(causeOf(answer)).toMatchObject({
        message: `${options}.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes`,
        details: {
          kind: options,
          causes: [{ reason: 'FieldValueTooLong', field: 'fieldManager' }],
        },
      });
    });

    it('count a manager in bytes', async () => {
      const create = (manager: string, name: string) => {
        const path = `${CONFIGMAPS}?fieldManager=${encodeURIComponent(manager)}`;
        return send({ method: 'POST', path, body: configMap(name) });
      };
      expect((await create('é'.repeat(64), 'options-fits')).status).toBe(201);
      expect((await create('é'.repeat(65), 'options-none')).status).toBe(422);
    });

    it('have no manager that cannot be printed', async () => {
      const path = `${CONFIGMAPS}?fieldManager=${encodeURIComponent('é\nb')}`;
      const answer = await send({ method: 'POST', path, body: configMap('options-line') });
      const message =
        'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "é\\nb": invalid character U+000A (at position 2)';
      expect(causeOf(answer)).toMatchObject({ message });
    });

    it('ask nothing of the manager of a deletion', async () => {
      await send({ method: 'POST', path: CONFIGMAPS, body: configMap('options-gone') });
      const path = `${CONFIGMAPS}/options-gone?fieldManager=${LONG}`;
      expect((await send({ method: 'DELETE', path })).status).toBe(200);
    });

    it('have force for an apply alone, which has a manager', async () => {
      await send({ method: 'POST', path: CONFIGMAPS, body: configMap('options-force') });
      const path = `${CONFIGMAPS}/options-force`;
      const body = configMap('options-force');
      const forced = await send({ method: 'PATCH', path: `${path}?force=true`, type: MERGE, body });
      expect(causeOf(forced)).toMatchObject({
        message:
          'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
        details: { causes: [{ reason: 'FieldValueForbidden' }] },
      });
      const nameless = await send({ method: 'PATCH', path, type: APPLY, body });
      expect(causeOf(nameless)).toMatchObject({
        details: { causes: [{ reason: 'FieldValueRequired', field: 'fieldManager' }] },
      });
    });

    it.each([
      ['dryRun', '["Some"]: supported values: "All"'],
      ['fieldValidation', '"Some": supported values: "", "Ignore", "Strict", "Warn"'],
    ])('have choices for %s', async (option, unsupported) => {
      const path = `${CONFIGMAPS}?${option}=Some`;
      const answer = await send({ method: 'POST', path, body: configMap('options-choice') });
      expect(causeOf(answer)).toMatchObject({
        message: `CreateOptions.meta.k8s.io "" is invalid: ${option}: Unsupported value: ${unsupported}`,
        details: { causes: [{ reason: 'FieldValueNotSupported' }] },
      });
    });
  });

  describe('the version of a list', () => {
    it('is exactly the one that is asked for', async () => {
      const created = await send({ method: 'POST', path: CONFIGMAPS, body: configMap('exact') });
      const { resourceVersion } = createdSchema.parse(created.body).metadata;
      await send({ method: 'DELETE', path: `${CONFIGMAPS}/exact` });
      const query = `resourceVersion=${resourceVersion}&fieldSelector=metadata.name%3Dexact`;
      const list = (match: string) =>
        send({ method: 'GET', path: `${CONFIGMAPS}?${query}&resourceVersionMatch=${match}` });
      const item = { metadata: { name: 'exact' } };
      expect(await list('Exact')).toMatchObject({
        status: 200,
        body: { metadata: { resourceVersion }, items: [item] },
      });
      expect(await list('NotOlderThan')).toMatchObject({ status: 200, body: { items: [] } });
    });

    it.each([
      ['resourceVersionMatch=Exact', 'forbidden unless resourceVersion is provided'],
      ['resourceVersionMatch=Exact&resourceVersion=0', '"exact" is forbidden for'],
      ['resourceVersionMatch=Near&resourceVersion=1', 'Unsupported value: "Near"'],
    ])('is refused where it says %s', async (query, why) => {
      const answer = await send({ method: 'GET', path: `${CONFIGMAPS}?${query}` });
      expect(causeOf(answer)).toMatchObject({
        message: expect.stringMatching(/^ListOptions.meta.k8s.io "" is invalid: /),
        details: { causes: [{ field: 'resourceVersionMatch' }] },
      });
      expect(JSON.stringify(answer.body)).toContain(JSON.stringify(why).slice(1, -1));
    });

    it('is no text', async () => {
      const answer = await send({ method: 'GET', path: `${CONFIGMAPS}?resourceVersion=abc` });
      expect(answer.status).toBe(400);
    });
  });

  describe('a version that is not served', () => {
    it.each([
      ['of the group', `${GROUP}/v9`, 'GET'],
      ['in a list', ROOTSYNCS.replace('v1beta1', 'v9'), 'GET'],
      ['of an object', `${ROOTSYNCS.replace('v1beta1', 'v9')}/x`, 'GET'],
      ['in a write', ROOTSYNCS.replace('v1beta1', 'v9'), 'POST'],
      ['of another group', '/apis/none.example/v1/things', 'GET'],
    ])('is no page: %s', async (_, path, method) => {
      const body = { ...manifest('v9'), apiVersion: 'configsync.gke.io/v9' };
      const answer = await send({ method, path, ...(method === 'POST' && { body }) });
      expect(answer).toMatchObject({ status: 404, body: '404 page not found\n' });
    });

    it('has a Status where the version is, and the resource is not', async () => {
      const answer = await send({ method: 'GET', path: '/api/v1/things' });
      expect(answer).toMatchObject({
        status: 404,
        body: { kind: 'Status', reason: 'NotFound', details: {} },
      });
    });

    it('is refused in an object, by each verb in its own words', async () => {
      await send({ method: 'POST', path: ROOTSYNCS, body: manifest('version') });
      const body = { ...manifest('version'), apiVersion: 'configsync.gke.io/v9' };
      const path = `${ROOTSYNCS}/version?fieldManager=a`;
      const mismatch =
        'the API version in the data (configsync.gke.io/v9) does not match the expected API version (configsync.gke.io/v1beta1)';
      for (const [method, place] of [
        ['POST', ROOTSYNCS],
        ['PUT', path],
      ] as const) {
        const answer = await send({ method, path: place, body });
        expect(answer).toMatchObject({ status: 400, body: { message: mismatch } });
      }
      const patched = await send({ method: 'PATCH', path, type: MERGE, body });
      expect(patched).toMatchObject({
        status: 422,
        body: {
          message:
            'RootSync.configsync.gke.io "version" is invalid: apiVersion: Invalid value: "configsync.gke.io/v9": must be configsync.gke.io/v1beta1',
        },
      });
      const applied = await send({ method: 'PATCH', path, type: APPLY, body });
      expect(applied).toMatchObject({
        status: 400,
        body: { message: 'invalid object type: configsync.gke.io/v9, Kind=RootSync' },
      });
    });
  });
}
