import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { pullChart, pullImage } from '#infra/local/config-sync/source.ts';
import type { Content } from '#infra/local/config-sync/unpack-layers.ts';
import {
  type RegistryOptions,
  type RunningRegistry,
  startRegistry,
} from '#infra/local/registry/start-registry.ts';
import { createPusher, type Pusher } from '#test/fixtures/push-artifact.ts';
import { buildTar } from '#test/fixtures/tar.ts';
import { ANSWERED_MS } from '#test/patience.ts';

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const signal = AbortSignal.timeout(ANSWERED_MS);
let registry: RunningRegistry;

afterEach(() => registry?.close());

async function start(options: RegistryOptions = {}): Promise<Pusher> {
  registry = await startRegistry({ port: 0, ...options });
  return createPusher(registry.url, 'configs/platform');
}

function pull(reference: string, known?: Content): Promise<Content> {
  return pullImage(`${registry.host}/configs/platform${reference}`)(signal, known);
}

function answer(body: string, mediaType: string): Response {
  return new Response(body, { headers: { 'content-type': mediaType } });
}

describe('pullImage()', () => {
  it('gives the commit and what is in it', async () => {
    const pusher = await start();
    const digest = await pusher.layers(
      [gzipSync(buildTar({ 'base/': '', 'base/a.yaml': '' })), buildTar({ 'b.yaml': '' })],
      'v1',
    );
    expect(await pull(':v1')).toEqual({
      commit: digest.slice(7),
      paths: ['b.yaml', 'base', 'base/a.yaml'],
    });
  });

  it('fetches one manifest and no layer where the digest is the one it has', async () => {
    const asked: string[] = [];
    const pusher = await start({ fault: ({ method, url }) => void asked.push(`${method} ${url}`) });
    const digest = await pusher.image({ 'a.yaml': '' }, 'v1');
    const known = { commit: digest.slice(7), paths: ['a.yaml'] };
    asked.length = 0;
    expect(await pull(':v1', known)).toBe(known);
    expect(asked).toEqual([`GET ${registry.url}/v2/configs/platform/manifests/v1`]);
  });

  it('follows an index within an index, to linux/amd64', async () => {
    const pusher = await start();
    const digest = await pusher.image({ 'a.yaml': '' });
    const inner = await pusher.index([{ digest, platform: 'linux/amd64' }]);
    await pusher.index([{ digest: inner }], 'v1');
    expect((await pull(':v1')).commit).toBe(digest.slice(7));
  });

  it.each([['windows/amd64'], ['linux/arm64']])(
    'refuses an index for %s only',
    async (platform) => {
      const pusher = await start();
      const digest = await pusher.image({ 'a.yaml': '' });
      await pusher.index([{ digest, platform }], 'v1');
      await expect(pull(':v1')).rejects.toThrow(/^failed to pull image .*no child with platform/);
    },
  );

  it.each([
    ['schema 1', answer('{}', 'application/vnd.docker.distribution.manifest.v1+json')],
    ['no manifest at all', answer('{}', 'text/html')],
  ])('refuses %s', async (_, manifest) => {
    await start({ fault: () => manifest });
    await expect(pull(':v1')).rejects.toThrow(/^failed to pull image .*unsupported MediaType/);
  });

  it('takes an image whose layer is no archive for an empty source', async () => {
    const pusher = await start();
    const digest = await pusher.layers([Buffer.from('kind: ConfigMap')], 'v1');
    expect(await pull(':v1')).toEqual({ commit: digest.slice('sha256:'.length), paths: [] });
  });

  it('refuses a manifest that is not what its digest says', async () => {
    await start({ fault: () => answer('{"layers":[]}', OCI_MANIFEST) });
    await expect(pull(`@sha256:${'a'.repeat(64)}`)).rejects.toThrow('content has digest');
  });

  it('refuses a layer that is not what its digest says', async () => {
    const other = buildTar({ 'other.yaml': '' });
    const pusher = await start({
      fault: ({ method, url }) =>
        method === 'GET' && url.includes('/blobs/')
          ? new Response(new Uint8Array(other))
          : undefined,
    });
    await pusher.image({ 'a.yaml': '' }, 'v1');
    await expect(pull(':v1')).rejects.toThrow('failed to extract the image: content has digest');
  });

  it('asks for a token where it must, and pulls with it', async () => {
    const asked: (string | null)[] = [];
    const manifest = { schemaVersion: 2, layers: [] };
    await start({
      fault({ url, headers }) {
        const { pathname, searchParams, origin } = new URL(url);
        asked.push(`${pathname} ${headers.get('authorization')}`);
        if (pathname === '/token') {
          const scope = `${searchParams.get('service')}/${searchParams.get('scope')}`;
          return Response.json({ access_token: `for-${scope}` });
        }
        if (headers.has('authorization')) return answer(JSON.stringify(manifest), OCI_MANIFEST);
        const challenge = `Bearer realm="${origin}/token",service="s",scope="pull"`;
        return new Response('', { status: 401, headers: { 'www-authenticate': challenge } });
      },
    });
    expect((await pull(':v1')).paths).toEqual([]);
    expect(asked).toEqual([
      '/v2/configs/platform/manifests/v1 null',
      '/token null',
      '/v2/configs/platform/manifests/v1 Bearer for-s/pull',
    ]);
  });

  it('gives up where the token does not open either', async () => {
    await start({
      fault({ url }) {
        const { pathname, origin } = new URL(url);
        if (pathname === '/token') return Response.json({ token: 't' });
        const challenge = `Bearer realm="${origin}/token"`;
        return new Response('', { status: 401, headers: { 'www-authenticate': challenge } });
      },
    });
    await expect(pull(':v1')).rejects.toThrow(': 401');
  });
});

describe('pullChart()', () => {
  function chart(version: string, known?: Content): Promise<Content> {
    const repo = `oci://${registry.host}/configs`;
    return pullChart({ repo, chart: 'platform', version })(signal, known);
  }

  it('takes a version for a tag, with "_" for "+", and for the commit', async () => {
    const pusher = await start();
    await pusher.image({ 'platform/Chart.yaml': '' }, '1.2.3_b1');
    expect(await chart('1.2.3+b1')).toEqual({
      commit: '1.2.3+b1',
      paths: ['platform/Chart.yaml'],
    });
  });

  it('takes the newest stable version where there is none', async () => {
    const pusher = await start();
    for (const tag of ['1.9.0', '1.10.0', '2.0.0-rc.1']) await pusher.image({ 'a.yaml': tag }, tag);
    expect((await chart('')).commit).toBe('1.10.0');
  });

  it('takes latest for a version like any other', async () => {
    const pusher = await start();
    await pusher.image({ 'a.yaml': '' }, 'latest');
    expect((await chart('latest')).commit).toBe('latest');
  });

  it('says that it works out no ranges, and knows no Helm over http', async () => {
    await start();
    await expect(chart('^1.0.0')).rejects.toThrow('ranges are not worked out here');
    const http = pullChart({ repo: 'https://charts.example', chart: 'c', version: '1.0.0' });
    await expect(http(signal, undefined)).rejects.toThrow(
      'Helm over http is not in the local world',
    );
  });
});
