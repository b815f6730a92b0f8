import { describe, expect, it } from 'vitest';
import { connectTo } from './connect.ts';
import { sendJson, startScripted } from './scripted-server.ts';

const VERSION = { major: '1', minor: '32', gitVersion: 'v1.32.4-gke.1106006' };
const SELF = { status: { userInfo: { username: 'countersign@acme.example' } } };
const STATUS = { kind: 'Status', apiVersion: 'v1', status: 'Failure' };

function manager(image: string, name = 'reconciler-manager'): object {
  return {
    spec: {
      template: {
        spec: {
          containers: [
            { name: 'otel', image: 'o:v9' },
            { name, image },
          ],
        },
      },
    },
  };
}

/** A cluster whose answers, by path, are these; undefined is 403. */
async function describeWith(answers: {
  readonly version?: object;
  readonly self?: object;
  readonly manager?: object;
}) {
  const server = await startScripted((response, { url }) => {
    const body = url.startsWith('/version')
      ? answers.version
      : url.includes('selfsubjectreviews')
        ? answers.self
        : answers.manager;
    if (body !== undefined) return sendJson(response, url.includes('self') ? 201 : 200, body);
    const message = 'deployments.apps is forbidden: User "x" cannot get resource "deployments"';
    return sendJson(response, 403, { ...STATUS, reason: 'Forbidden', message });
  });
  return { server, found: await (await connectTo(server.url)).describe() };
}

describe('describe()', () => {
  it('asks for the version, for who we are, and for the Deployment of Config Sync', async () => {
    const image = 'gcr.io/config-management-release/reconciler-manager:v1.21.1-rc.2';
    const { server, found } = await describeWith({
      version: VERSION,
      self: SELF,
      manager: manager(image),
    });
    expect(found).toEqual({
      kubernetes: '1.32.4',
      configSync: '1.21.1',
      user: 'countersign@acme.example',
    });
    expect(server.seen.map(({ method, url }) => `${method} ${url}`).toSorted()).toEqual([
      'GET /apis/apps/v1/namespaces/config-management-system/deployments/reconciler-manager',
      'GET /version',
      'POST /apis/authentication.k8s.io/v1/selfsubjectreviews',
    ]);
  });

  it('does not know what it may not see', async () => {
    expect((await describeWith({ version: VERSION })).found).toEqual({ kubernetes: '1.32.4' });
  });

  it.each([
    ['no tag', manager('registry.example/reconciler-manager')],
    ['a tag that is no version', manager('registry.example/reconciler-manager:latest')],
    ['a digest alone', manager(`registry.example/reconciler-manager@sha256:${'a'.repeat(64)}`)],
    ['another container', manager('registry.example/x:v1.21.0', 'x')],
    ['no containers', {}],
  ])('makes up no version of Config Sync for %s', async (_, deployment) => {
    const { found } = await describeWith({ version: VERSION, self: SELF, manager: deployment });
    expect(found).not.toHaveProperty('configSync');
  });

  it('reads the tag beside a digest', async () => {
    const image = `localhost:5000/reconciler-manager:v1.20.3@sha256:${'a'.repeat(64)}`;
    const { found } = await describeWith({ manager: manager(image) });
    expect(found).toEqual({ configSync: '1.20.3' });
  });
});
