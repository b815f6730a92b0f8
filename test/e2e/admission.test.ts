import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { IMAGE_TO_SYNC } from '#shared/core/image-to-sync.ts';
import { documentedBlock } from '#test/docs/blocks.ts';
import {
  repoSync,
  rootSync,
  type RSyncManifest,
  withMetadata,
  withSpec,
} from '#test/fixtures/rsync-manifests.ts';
import { type AdmissionProcess, startAdmission } from '#test/fixtures/webhook/admission-process.ts';
import { announce } from '#test/fixtures/webhook/announce.ts';
import { startTlsProxy, type TlsProxy } from '#test/fixtures/webhook/tls-proxy.ts';
import {
  pointService,
  startWebhookCluster,
  type WebhookCluster,
} from '#test/fixtures/webhook/webhook-cluster.ts';
import { type CosignWorld, FORMS, openCosignWorld } from './tools/cosign-world.ts';
import { collectionOf, until } from './tools/sync-cluster.ts';

/**
 * Where the images are for the cluster. Nobody's address any more (RFC 7526), and public as far as the address says:
 * the server asks it through a proxy of this test, which leads to a registry of this machine.
 */
const PUBLIC = '192.88.99.1';
const DENIED = 'admission webhook "imageverification.webhook.com" denied the request: ';

let cluster: WebhookCluster;
let world: CosignWorld;
let proxy: TlsProxy;
let server: AdmissionProcess;

beforeAll(async () => {
  [cluster, world] = await Promise.all([
    startWebhookCluster({ everybodyMay: true }),
    openCosignWorld(),
  ]);
  await cluster.shell(documentedBlock('webhook-keys'));
  await cluster.shell(documentedBlock('webhook-apply'), { IMAGE: 'registry.example/x:v1' });
  await pointService(cluster);
  await cluster.shell(
    `openssl req -nodes -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout proxy.key -out proxy.crt \
      -days 2 -subj /CN=proxy -addext "subjectAltName = IP:${PUBLIC}"`,
  );
  const [cert, key] = await Promise.all(
    ['proxy.crt', 'proxy.key'].map((name) => readFile(join(cluster.folder, name))),
  );
  if (cert === undefined || key === undefined) throw new Error('No certificate');
  proxy = await startTlsProxy({ certificate: { cert, key }, target: world.hosts.embedded });
  server = await startAdmission(cluster, {
    NODE_USE_ENV_PROXY: '1',
    HTTPS_PROXY: proxy.url,
    NODE_EXTRA_CA_CERTS: join(cluster.folder, 'proxy.crt'),
  });
});
afterAll(async () => {
  await server?.stop();
  await proxy?.close();
  await world?.close();
  await cluster?.close();
});

/** An image with two children, as the cluster names it and as the tools of this machine do. */
async function pushImage() {
  const { repository, digest, index } = await world.pushIndex();
  const image = `${repository.replace(world.hosts.embedded, PUBLIC)}:one`;
  return { image, digest, index, signed: (of: string) => `${repository}@${of}`, repository };
}

const signer = (): string => join(cluster.folder, 'cosign');

/** Names that no other test has. */
let syncs = 0;

function following(kind: RSyncManifest['kind'], image: string): RSyncManifest {
  const name = `sync-${++syncs}`;
  return kind === 'RootSync'
    ? rootSync({}, image, name)
    : withSpec(repoSync({}, name), { sourceType: 'oci', oci: { image, dir: '.', auth: 'none' } });
}

async function place(object: RSyncManifest): Promise<RSyncManifest> {
  await cluster.apply(object);
  return object;
}

const annotatedSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
});

async function valueOf(object: RSyncManifest): Promise<string | undefined> {
  const { metadata } = annotatedSchema.parse(await cluster.read(object));
  return metadata.annotations[IMAGE_TO_SYNC];
}

const WALKS = FORMS.flatMap((form) =>
  (['RootSync', 'RepoSync'] as const).map((kind) => ({ form, kind, name: form.form })),
);

describe('with nothing but cosign.pub', () => {
  // At the same time: what was unsigned is looked at again after 15 s.
  it.concurrent.each(WALKS)(
    '$kind: unsigned is denied, signed by $name is admitted',
    async ({ form, kind }) => {
      const { image, digest, signed } = await pushImage();
      const sync = await place(following(kind, image));
      const value = `${image}@${digest}`;

      const denied = await announce(cluster.send, sync, value);
      expect(denied.status).toBe(422);
      expect(denied.message).toContain(`${DENIED}Image validation failed: no signatures found`);
      expect(denied.message).toContain(digest);
      expect(await announce(cluster.send, sync, value)).toEqual(denied);
      expect(await valueOf(sync)).toBeUndefined();

      await world.sign(form, signer(), signed(digest));
      await until(async () => (await announce(cluster.send, sync, value)).status === 200);
      expect(await valueOf(sync)).toBe(value);

      // Another digest under the same tag is another decision.
      const next = await pushImage();
      const moved = await announce(cluster.send, sync, `${image}@${next.index}`);
      expect(moved).toMatchObject({ status: 422, message: expect.stringContaining(next.index) });
      expect(await valueOf(sync)).toBe(value);
    },
  );

  it('prints to people what the sample server printed', async () => {
    const { image, digest } = await pushImage();
    const { name } = (await place(following('RootSync', image))).metadata;
    const { code, stderr } = await cluster.attempt(
      `kubectl annotate rootsync ${name} -n config-management-system ${IMAGE_TO_SYNC}=${image}@${digest}`,
    );
    expect(code).toBe(1);
    expect(stderr).toContain(DENIED);
    expect(stderr).toContain('no signatures found');
  });

  it('asked no registry but that of the images', () => {
    expect(new Set(proxy.asked)).toEqual(new Set([`${PUBLIC}:443`]));
  });

  it('denies an image at a private address, and does not ask it', async () => {
    const { repository, digest } = await pushImage();
    const sync = await place(following('RootSync', `${repository}:one`));
    const denied = await announce(cluster.send, sync, `${repository}:one@${digest}`);
    expect(denied).toMatchObject({
      status: 503,
      message: expect.stringContaining('registry-not-allowed'),
    });
  });
});

describe('what the sample server let through', () => {
  it('a signature copied from another image', async () => {
    const { image, digest, index, signed, repository } = await pushImage();
    await world.sign(FORMS[0], signer(), signed(index));
    const tagOf = (of: string): string => `${repository}:${of.replace(':', '-')}.sig`;
    await world.run('crane', 'copy', tagOf(index), tagOf(digest));
    const sync = await place(following('RootSync', image));
    expect(await announce(cluster.send, sync, `${image}@${digest}`)).toMatchObject({
      status: 422,
      message: expect.stringContaining('digest-mismatch'),
    });
  });

  it('a value that is there from the beginning', async () => {
    const [unsigned, signed] = [await pushImage(), await pushImage()];
    await world.sign(FORMS[3], signer(), signed.signed(signed.digest));
    const create = ({ image, digest }: typeof signed) => {
      const body = withMetadata(following('RootSync', image), {
        annotations: { [IMAGE_TO_SYNC]: `${image}@${digest}` },
      });
      return cluster.send({ method: 'POST', path: collectionOf(body), body });
    };
    expect(await create(unsigned)).toMatchObject({ status: 422 });
    expect(await create(signed)).toMatchObject({ status: 201 });
  });

  it('an image that is signed, and not the one in the spec', async () => {
    const signedOne = await pushImage();
    await world.sign(FORMS[0], signer(), signedOne.signed(signedOne.digest));
    const { image } = await pushImage();
    const sync = await place(following('RootSync', image));
    const value = `${signedOne.image}@${signedOne.digest}`;
    expect(await announce(cluster.send, sync, value)).toMatchObject({
      status: 422,
      message: expect.stringContaining('spec.oci.image'),
    });
  });

  it.each([
    ['a tag without a digest', (image: string) => image],
    ['no value at all', () => 'x'],
  ])('%s', async (_, valueFor) => {
    const { image } = await pushImage();
    const sync = await place(following('RootSync', image));
    expect((await announce(cluster.send, sync, valueFor(image))).status).toBe(422);
  });
});

describe('what the sample server held back', () => {
  it('an image that the spec pins by digest', async () => {
    const { image, digest, signed } = await pushImage();
    await world.sign(FORMS[0], signer(), signed(digest));
    const sync = await place(following('RootSync', `${image}@${digest}`));
    expect((await announce(cluster.send, sync, `${image}@${digest}@${digest}`)).status).toBe(200);
  });

  it('the child of an index that was signed', async () => {
    const { image, digest, index, signed } = await pushImage();
    await world.sign(FORMS[3], signer(), signed(index));
    const sync = await place(following('RootSync', image.replace(/:one$/, ':index')));
    const value = `${image.replace(/:one$/, ':index')}@${digest}`;
    expect(await announce(cluster.send, sync, value)).toMatchObject({ status: 200 });
  });

  it('the removal of a value, and every other write', async () => {
    const { image, digest, signed } = await pushImage();
    await world.sign(FORMS[0], signer(), signed(digest));
    const sync = await place(following('RootSync', image));
    await announce(cluster.send, sync, `${image}@${digest}`);
    expect((await announce(cluster.send, sync, null)).status).toBe(200);
  });
});
