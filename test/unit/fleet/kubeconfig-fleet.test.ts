import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCircuits } from '#shared/fleet/circuits.ts';
import { createAgents } from '#shared/fleet/transport.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import {
  type KubeconfigFleetOptions,
  createKubeconfigFleet,
} from '#shared/fleet/kubeconfig-fleet.ts';
import { LIMITS, createOpenPace } from './connect.ts';
import { makeFolder, writeContexts } from './write-kubeconfig.ts';

const CLUSTER = { server: 'https://127.0.0.1:1' };

function createFleet(options: Partial<KubeconfigFleetOptions> & { path: string }): Fleet {
  const deps = {
    agents: createAgents(),
    limits: LIMITS,
    pace: createOpenPace(),
    circuits: createCircuits(),
  };
  return createKubeconfigFleet({ contexts: [], labels: {}, ...options }, deps);
}

async function writeThree(): Promise<string> {
  const names = ['cluster-1', 'cluster-2', 'cluster-3'];
  return writeContexts(
    await makeFolder(),
    names.map((name) => ({ name, cluster: CLUSTER, user: { token: 't' } })),
  );
}

describe('members of a kubeconfig', () => {
  it('are all its contexts, with the labels the config gives them', async () => {
    const fleet = createFleet({
      path: await writeThree(),
      labels: { 'cluster-2': { env: 'prod' } },
    });
    expect(await fleet.list()).toEqual({
      members: [
        { name: 'cluster-1', id: 'cluster-1', labels: {} },
        { name: 'cluster-2', id: 'cluster-2', labels: { env: 'prod' } },
        { name: 'cluster-3', id: 'cluster-3', labels: {} },
      ],
      unreachable: [],
    });
  });

  it('are the named contexts alone, each once, where any are named', async () => {
    const contexts = ['cluster-3', 'cluster-1', 'cluster-3'];
    const { members } = await createFleet({ path: await writeThree(), contexts }).list();
    expect(members.map(({ name }) => name)).toEqual(['cluster-3', 'cluster-1']);
  });

  it.each([
    ['cluster-1', true],
    ['cluster-2', false],
    ['CLUSTER-1', false],
    ['', false],
    ['__proto__', false],
  ])('find(%j) is exact, and knows no context that is not a member: %s', async (name, found) => {
    const fleet = createFleet({ path: await writeThree(), contexts: ['cluster-1'] });
    expect((await fleet.find(name)) !== undefined).toBe(found);
  });

  it('are found once the file appears', async () => {
    const folder = await makeFolder();
    const fleet = createFleet({ path: join(folder, 'kubeconfig') });
    await expect(fleet.list()).rejects.toMatchObject({ code: 'bad-config' });
    await writeContexts(folder, [{ name: 'late', cluster: CLUSTER }]);
    expect((await fleet.list()).members).toHaveLength(1);
  });
});

describe('a kubeconfig that cannot be used', () => {
  it.each([
    ['contexts', { contexts: ['cluster-9'] }],
    ['labels', { labels: { 'cluster-9': {} } }],
  ])('throws bad-config that names a missing context of %s', async (_, options) => {
    const fleet = createFleet({ path: await writeThree(), ...options });
    await expect(fleet.list()).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('"cluster-9"'),
    });
    await expect(fleet.find('cluster-1')).rejects.toMatchObject({ code: 'bad-config' });
  });

  it.each([
    ['is missing', undefined],
    ['is no YAML', 'contexts: [\ntoken: secret'],
    ['is empty', ''],
    ['is a list', '[]'],
    ['has no contexts', 'contexts: []'],
    ['has a context without a name', 'contexts: [{ context: {} }]'],
  ])('throws bad-config that names the file when it %s', async (_, text) => {
    const path = join(await makeFolder(), 'kubeconfig');
    if (text !== undefined) await writeFile(path, text);
    const failure: unknown = await createFleet({ path })
      .list()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'bad-config', message: expect.stringContaining(path) });
    expect(String(failure)).not.toContain('secret');
  });

  it.each<[string, string]>([
    ['a context whose cluster is missing', 'clusters: []\nusers: []'],
    ['a cluster without a server', 'clusters: [{ name: x, cluster: {} }]\nusers: []'],
    [
      'an http server that is not allowed',
      'clusters: [{ name: x, cluster: { server: "http://127.0.0.1:1" } }]\nusers: []',
    ],
  ])('throws bad-config at connect() for %s', async (_, rest) => {
    const path = join(await makeFolder(), 'kubeconfig');
    await writeFile(path, `contexts: [{ name: x, context: { cluster: x, user: x } }]\n${rest}\n`);
    const fleet = createFleet({ path });
    const [member] = (await fleet.list()).members;
    expect(member?.name).toBe('x');
    await expect(fleet.connect({ name: 'x', id: 'x', labels: {} })).rejects.toMatchObject({
      code: 'bad-config',
    });
  });
});
