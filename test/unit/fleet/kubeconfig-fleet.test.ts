import { rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createClusterApi } from '#shared/fleet/client.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import {
  type KubeconfigFleetOptions,
  createKubeconfigFleet,
} from '#shared/fleet/kubeconfig-fleet.ts';
import { loadKubeconfigs } from '#shared/fleet/kubeconfig/load.ts';
import { kubeconfigDeps } from '#test/fixtures/kubeconfig-fleet.ts';
import { makeFolder, writeContexts } from './write-kubeconfig.ts';

const CLUSTER = { server: 'https://127.0.0.1:1' };

function createFleet(options: Partial<KubeconfigFleetOptions> & { path: string }): Fleet {
  const all = { contexts: [], labels: {}, ...options };
  return createKubeconfigFleet(all, kubeconfigDeps(), createClusterApi);
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
    ['has a user twice', 'users: [{ name: a }, { name: a }]'],
    ['has another kind', 'kind: Secret\ncontexts: [{ name: a }]'],
    ['has data that is no base64', 'users: [{ name: a, user: { client-key-data: secret! } }]'],
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
    ['a context whose cluster is missing', 'clusters: []'],
    ['a cluster without a server', 'clusters: [{ name: ill, cluster: {} }]'],
    [
      'an http server that is not allowed',
      'clusters: [{ name: ill, cluster: { server: "http://127.0.0.1:1" } }]',
    ],
  ])('cannot reach the cluster of %s, and all others', async (_, clusters) => {
    const folder = await makeFolder();
    await writeContexts(folder, [{ name: 'well', cluster: CLUSTER }]);
    await writeFile(
      join(folder, 'ill'),
      `contexts: [{ name: ill, context: { cluster: ill } }]\n${clusters}\n`,
    );
    const fleet = createFleet({ path: folder });
    expect((await fleet.list()).members.map(({ name }) => name)).toEqual(['ill', 'well']);
    await expect(fleet.connect({ name: 'ill', id: 'ill', labels: {} })).rejects.toMatchObject({
      code: 'cluster-unreachable',
      retry: false,
    });
    expect((await fleet.connect({ name: 'well', id: 'well', labels: {} })).cluster).toBe('well');
  });
});

describe('several kubeconfigs', () => {
  const write = (folder: string, file: string, config: unknown): Promise<void> =>
    writeFile(join(folder, file), stringify(config));
  const config = (name: string, server: string, token = 't') => ({
    clusters: [{ name: 'k', cluster: { server } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name, context: { cluster: 'k', user: 'admin' } }],
  });

  it('by colons are one, whose first entries win', async () => {
    const folder = await makeFolder();
    await write(folder, 'a', config('one', 'https://a.test', 'of-a'));
    await write(folder, 'b', config('two', 'https://b.test', 'of-b'));
    const paths = ['a', 'missing', 'b'].map((file) => join(folder, file)).join(delimiter);
    const { contexts } = await loadKubeconfigs(paths);
    expect([...contexts.keys()]).toEqual(['one', 'two']);
    const merged = contexts.get('two');
    expect(merged?.clusters.get('k')?.value.server).toBe('https://a.test');
    expect(merged?.users.get('admin')?.value.token).toBe('of-a');
  });

  it('of a folder stand each for itself', async () => {
    const folder = await makeFolder();
    await write(folder, 'a', config('one', 'https://a.test', 'of-a'));
    await write(folder, 'b', config('two', 'https://b.test', 'of-b'));
    await write(folder, '..data', '[');
    const { contexts } = await loadKubeconfigs(folder);
    expect([...contexts.keys()]).toEqual(['one', 'two']);
    expect(contexts.get('two')?.users.get('admin')?.value.token).toBe('of-b');
  });

  it('of a folder with one context twice are refused', async () => {
    const folder = await makeFolder();
    await write(folder, 'a', config('one', 'https://a.test'));
    await write(folder, 'b', config('one', 'https://b.test'));
    await expect(loadKubeconfigs(folder)).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('"one"'),
    });
  });

  it('are read again when one changes, appears or goes', async () => {
    const folder = await makeFolder();
    await write(folder, 'a', config('one', 'https://a.test'));
    const fleet = createFleet({ path: folder });
    const names = async () => (await fleet.list()).members.map(({ name }) => name);
    expect(await names()).toEqual(['one']);
    await write(folder, 'b', config('two', 'https://b.test'));
    expect(await names()).toEqual(['one', 'two']);
    await write(folder, 'b', config('second', 'https://b.test'));
    expect(await names()).toEqual(['one', 'second']);
    await rm(join(folder, 'a'));
    expect(await names()).toEqual(['second']);
    expect(await fleet.find('one')).toBeUndefined();
  });

  it('that cannot be read any more leave the fleet as it was, and are reported once', async () => {
    const folder = await makeFolder();
    const path = join(folder, 'a');
    await write(folder, 'a', config('one', 'https://a.test'));
    const problems: string[] = [];
    const deps = kubeconfigDeps({ onUnreadable: (problem) => problems.push(problem) });
    const fleet = createKubeconfigFleet({ path, contexts: [], labels: {} }, deps, createClusterApi);
    await fleet.list();
    await writeFile(path, 'contexts: [');
    for (let look = 0; look < 3; look += 1) {
      expect((await fleet.list()).members.map(({ name }) => name)).toEqual(['one']);
    }
    expect(problems).toEqual([`Kubeconfig ${path} is not YAML`]);
    await write(folder, 'a', config('two', 'https://a.test'));
    expect((await fleet.list()).members.map(({ name }) => name)).toEqual(['two']);
  });

  it('are looked at once a second, however many ask', async () => {
    const folder = await makeFolder();
    await write(folder, 'a', config('one', 'https://a.test'));
    let time = 0;
    const deps = kubeconfigDeps({ now: () => time });
    const fleet = createKubeconfigFleet(
      { path: folder, contexts: [], labels: {} },
      deps,
      createClusterApi,
    );
    await fleet.list();
    await write(folder, 'b', config('two', 'https://b.test'));
    time = 999;
    expect((await fleet.list()).members).toHaveLength(1);
    time = 1_000;
    expect((await fleet.list()).members).toHaveLength(2);
  });
});
