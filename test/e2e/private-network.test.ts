import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { pushImage, signBundle } from '#infra/local/images/push-image.ts';
import { readPrivateKey } from '#infra/local/keys/key-pair.ts';
import { rootSync } from '#test/fixtures/rsync-manifests.ts';
import { PATIENCE } from '#test/patience.ts';
import {
  ALL,
  type PrivateNetwork,
  PROXY,
  startPrivateNetwork,
} from './tools/private-network/start-world.ts';

const UNTRUSTED = /its certificate is of a CA that is not trusted here: UNABLE_TO_\w+/;
/** The name is unknown in the namespace. */
const UNKNOWN = /\((?:EAI_AGAIN|ENOTFOUND)\)/;
const Live = z.looseObject({ status: z.looseObject({ lastSyncedCommit: z.string() }) });

let world: PrivateNetwork;
/** Nothing is left where it did not come up. */
let stop: (() => Promise<void>) | undefined;

beforeAll(async () => {
  world = await startPrivateNetwork();
  stop = () => world.stop();
});
afterAll(() => stop?.());

/** Resolves with the first such event; on the way out, all that was logged. */
async function waitForEvent(type: string, about: object): Promise<void> {
  const { events, logs } = world.inside;
  try {
    await vi.waitFor(
      () =>
        expect(events).toContainEqual(
          expect.objectContaining({ type, data: expect.objectContaining(about) }),
        ),
      PATIENCE,
    );
  } catch (error) {
    throw new Error(logs.slice(-50).join('\n'), { cause: error });
  }
}

it('has loopback, and no route', () => {
  expect(world.inside.network).toEqual({ interfaces: ['lo'], routes: [] });
});

it('brings a push to Synced by the proxy alone', async () => {
  const { repository, files, cluster, proxy } = world;
  const file = { file: 'namespace.yaml', content: 'kind: Namespace', tag: 'v1' };
  const image = await pushImage(repository, file);
  await signBundle({ repository, image, key: await readPrivateKey(files.privateKey) });
  await waitForEvent('sync.synced', { phase: 'Synced', digest: image.digest });
  const { status } = Live.parse(await cluster.read(rootSync({}, world.image)));
  expect(`sha256:${status.lastSyncedCommit}`).toBe(image.digest);
  expect(new Set(proxy.asked)).toEqual(new Set([world.registry, world.kube]));
});

describe('a setting that is taken away is missed', () => {
  it.each([
    { missing: 'registryCa', says: UNTRUSTED },
    { missing: 'registryProxy', says: UNKNOWN },
  ] as const)('of the registry: $missing', async ({ missing, says }) => {
    const config = await world.writeConfig(missing, { ...ALL, [missing]: false });
    const answer = await verify(config);
    expect(answer.code).not.toBe(0);
    expect(answer.text).toContain(`Cannot reach ${world.registry}`);
    expect(answer.text).toMatch(says);
  });

  it.each([
    { missing: 'fleetCa', says: UNTRUSTED },
    { missing: 'clusterProxy', says: UNKNOWN },
  ] as const)('of the cluster: $missing', async ({ missing, says }) => {
    const config = await world.writeConfig(missing, { ...ALL, [missing]: false });
    const answer = await preflight(config);
    expect(answer.code).toBe(2);
    expect(answer.text).toContain('Cluster "real" cannot be reached');
    expect(answer.text).toMatch(says);
  });

  it('while the functions run', async () => {
    await world.writeConfig('countersign', { ...ALL, clusterProxy: false });
    const message = expect.stringMatching(UNKNOWN);
    await waitForEvent('cluster.unreachable', { cluster: 'real', message });
    await world.writeConfig('countersign', ALL);
  });
});

describe('in place of them all', () => {
  const none = {
    registryCa: false,
    registryProxy: false,
    fleetCa: false,
    clusterProxy: false,
    proxy: false,
  };

  it.each([
    {
      name: 'the environment',
      settings: none,
      env: { HTTPS_PROXY: PROXY },
    },
    {
      name: 'the environment in lower case',
      settings: none,
      env: { https_proxy: PROXY },
    },
    {
      name: 'the proxy of the config, before the environment',
      settings: { ...none, proxy: true },
      env: { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '*' },
    },
  ])('there is $name', async ({ name, settings, env }) => {
    const config = await world.writeConfig(name.replaceAll(/\W/g, '-'), settings);
    const whole = { ...env, NODE_EXTRA_CA_CERTS: world.ca };
    const [image, fleet] = await Promise.all([verify(config, whole), preflight(config, whole)]);
    expect(image).toMatchObject({ code: 0 });
    expect(fleet.text).not.toMatch(/cannot be reached/);
  });

  it('there is none for what NO_PROXY names', async () => {
    const config = await world.writeConfig('excepted', none);
    const env = { HTTPS_PROXY: PROXY, NODE_EXTRA_CA_CERTS: world.ca, NO_PROXY: '.private.test' };
    expect((await verify(config, env)).text).toMatch(UNKNOWN);
  });
});

it('names a proxy that does not answer', async () => {
  const config = await world.writeConfig('closed', { ...ALL, registryProxy: false });
  const answer = await verify(config, { HTTPS_PROXY: 'http://127.0.0.1:9' });
  expect(answer.text).toContain(`Cannot reach ${world.registry} (ECONNREFUSED)`);
});

it('has reached the cluster again since, and reported each once', async () => {
  await waitForEvent('cluster.recovered', { cluster: 'real' });
  const types = world.inside.events.map(({ type }) => type);
  expect(types.filter((type) => type.startsWith('cluster.'))).toEqual([
    'cluster.unreachable',
    'cluster.recovered',
  ]);
});

interface Answered {
  readonly code: number;
  readonly text: string;
}

async function verify(
  config: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  return ask(['verify', '--local', world.image, '--config', config], env);
}

async function preflight(
  config: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  return ask(['preflight', '--config', config], env);
}

async function ask(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Answered> {
  const { code, stdout, stderr } = await world.inside.run(args, env);
  return { code, text: `${stdout}${stderr}` };
}
