import { describe, expect, it } from 'vitest';
import { createCircuits } from '#shared/fleet/circuits.ts';
import { createObjectApi, type ObjectApi } from '#shared/fleet/object-api.ts';
import { createAgents } from '#shared/fleet/transport.ts';
import { createOpenPace, LIMITS } from './connect.ts';
import { sendJson, startScripted } from './scripted-server.ts';

const REF = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingadmissionpolicies',
  name: 'countersign-gate',
};
const PATH = `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/countersign-gate`;
const OBJECT = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: REF.name } };

function connectTo(server: string): Promise<ObjectApi> {
  const authorize = async () => ({ headers: { Authorization: 'Bearer t' } });
  const deps = {
    agents: createAgents(),
    limits: LIMITS,
    pace: createOpenPace(),
    circuits: createCircuits(),
  };
  return createObjectApi('cluster-1', { server, authorize }, deps);
}

/** meta/v1 Status of an object that there is not. */
const ABSENT = { kind: 'Status', message: 'not found', details: { name: REF.name } };

describe('the client of people', () => {
  it('applies by the server, and says whose fields these are', async () => {
    const server = await startScripted((response) => sendJson(response, 200, OBJECT));
    const api = await connectTo(server.url);
    const by = { fieldManager: 'countersign-gate', force: false, dryRun: false };
    expect(await api.apply(REF, OBJECT, by)).toEqual(OBJECT);
    await api.apply(REF, OBJECT, { ...by, force: true, dryRun: true });
    expect(server.seen.map(({ method, url }) => [method, url])).toEqual([
      ['PATCH', `${PATH}?fieldManager=countersign-gate&force=false`],
      ['PATCH', `${PATH}?dryRun=All&fieldManager=countersign-gate&force=true`],
    ]);
    expect(server.seen[0]?.headers['content-type']).toBe('application/apply-patch+yaml');
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual(OBJECT);
  });

  it('reads an object that there is, and one that there is not', async () => {
    const server = await startScripted((response, _, index) =>
      index === 0 ? sendJson(response, 200, OBJECT) : sendJson(response, 404, ABSENT),
    );
    const api = await connectTo(server.url);
    expect(await api.read(REF)).toEqual(OBJECT);
    expect(await api.read(REF)).toBeUndefined();
  });

  it.each([
    [403, 'cluster-forbidden', 'User "a" cannot patch resource "validatingadmissionpolicies"'],
    [409, 'cluster-conflict', 'Apply failed with 1 conflict'],
    [422, 'cluster-refused', 'is invalid'],
    // An API server that has no such resource.
    [404, 'cluster-refused', 'the server could not find the requested resource'],
  ])('throws %s as %s', async (status, code, message) => {
    const server = await startScripted((response) =>
      sendJson(response, status, { kind: 'Status', message }),
    );
    const api = await connectTo(server.url);
    const by = { fieldManager: 'countersign-gate', force: false, dryRun: false };
    await expect(api.apply(REF, OBJECT, by)).rejects.toMatchObject({ code });
  });
});
