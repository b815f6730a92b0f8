import { afterEach, describe, expect, it } from 'vitest';
import { startRegistry } from '#infra/local/registry/start-registry.ts';
import { parseReference } from '#shared/core/reference.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import { OCI_MANIFEST } from '#shared/registry/media-type.ts';
import { resolveImage } from '#shared/registry/resolve.ts';
import { tokenSchema } from '#shared/registry/authorizer.ts';
import { createTagsOf } from '#shared/registry/tags-of.ts';
import { requireTokens } from '#test/fakes/token-auth.ts';
import { codeOf, sha256 } from './scripted-registry.ts';

const CREDENTIALS = { username: 'ada', password: 'secret' };
const BASIC = Buffer.from('ada:secret').toString('base64');
const CLOCK = new Date('2026-11-22T05:00:00Z');
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** A registry that wants tokens, with one image under tag v1 that has a referrer. */
async function start() {
  const running = await startRegistry({
    port: 0,
    guard: requireTokens({ credentials: CREDENTIALS }),
    clock: () => CLOCK,
  });
  closers.push(() => running.close());
  const grant = await fetch(`${running.url}/token?scope=repository:a:*`, {
    headers: { authorization: `Basic ${BASIC}` },
  });
  const authorization = `Bearer ${tokenSchema.parse(await grant.json()).token}`;

  async function put(path: string, body: string, type: string): Promise<void> {
    const headers = { authorization, 'content-type': type };
    const method = path.startsWith('blobs') ? 'POST' : 'PUT';
    const response = await fetch(`${running.url}/v2/a/${path}`, { method, headers, body });
    expect(response.status).toBe(201);
  }

  const blob = { mediaType: 'application/octet-stream', digest: sha256('{}'), size: 2 };
  const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: blob, layers: [blob] };
  const text = JSON.stringify(image);
  const digest = sha256(text);
  const subject = { mediaType: OCI_MANIFEST, digest, size: text.length };
  const referrer = JSON.stringify({ ...image, artifactType: 'a/b', subject });
  await put(`blobs/uploads/?digest=${blob.digest}`, '{}', 'application/octet-stream');
  await put('manifests/v1', text, OCI_MANIFEST);
  await put(`manifests/${sha256(referrer)}`, referrer, OCI_MANIFEST);
  return { host: running.host, digest, referrer: sha256(referrer), blob: blob.digest };
}

function client(host: string, password: string) {
  const auth = Buffer.from(`ada:${password}`).toString('base64');
  return createRegistry({
    fetch,
    registries: [{ host, plainHttp: true, auth: 'dockerConfig' }],
    googleToken: () => Promise.reject(new Error('no Google here')),
    dockerConfig: async () => JSON.stringify({ auths: { [host]: { auth } } }),
    now: () => CLOCK,
  });
}

describe('createRegistry() with the embedded registry', () => {
  it('reads everything through the token flow', async () => {
    const { host, digest, referrer, blob } = await start();
    const registry = client(host, 'secret');
    const repository = `${host}/a`;
    const options = { fresh: false, now: () => new Date(0) };
    expect(await resolveImage(registry, parseReference(`${repository}:v1`), options)).toEqual({
      resolvedAt: '2026-11-22T05:00:00Z',
      fresh: false,
      image: { status: 'resolved', digest },
    });
    expect(Buffer.from((await registry.blob(repository, blob, 2)) ?? []).toString()).toBe('{}');
    expect(await registry.referrers(repository, digest)).toMatchObject({
      descriptors: [{ digest: referrer, artifactType: 'a/b' }],
      complete: true,
      unreadable: 0,
    });
    expect(await createTagsOf({ registry })(repository, digest)).toEqual({
      tags: ['v1'],
      complete: true,
    });
    expect(await registry.manifest(repository, 'v2')).toBeUndefined();
    expect(await registry.blob(repository, sha256('absent'), 2)).toBeUndefined();
  });

  it('is denied with a wrong password', async () => {
    const { host } = await start();
    const denied = client(host, 'wrong').manifest(`${host}/a`, 'v1');
    expect(await codeOf(denied)).toBe('registry-denied');
  });
});
