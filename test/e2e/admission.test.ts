import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import { createPusher } from '#test/fixtures/push-artifact.ts';
import { helmSync, type RSyncManifest, withMetadata } from '#test/fixtures/rsync-manifests.ts';
import {
  type AdmissionWorld,
  following,
  PUBLIC_HOST,
  type PushedImage,
  startAdmissionWorld,
} from '#test/fixtures/webhook/admission-world.ts';
import { announce } from '#test/fixtures/webhook/announce.ts';
import { deploymentSchema, readOne } from '#test/fixtures/webhook/manifest-schema.ts';
import { FORMS } from './tools/cosign-world.ts';
import { collectionOf, pathOf, until } from './tools/sync-cluster.ts';

const DENIED = 'admission webhook "imageverification.webhook.com" denied the request: ';
const [LEGACY, , , BUNDLE] = FORMS;

let world: AdmissionWorld;

beforeAll(async () => {
  world = await startAdmissionWorld();
});
afterAll(() => world?.close());

const annotatedSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
});

async function valueOf(object: RSyncManifest): Promise<string | undefined> {
  const { metadata } = annotatedSchema.parse(await world.cluster.read(object));
  return metadata.annotations[IMAGE_TO_SYNC];
}

function say(object: RSyncManifest, value: string | null) {
  return announce(world.cluster.send, object, value);
}

function sign(
  form: (typeof FORMS)[number],
  { repository }: Pick<PushedImage, 'repository'>,
  digest: string,
) {
  return world.cosign.sign(form, world.signer, `${repository}@${digest}`);
}

const WALKS = FORMS.flatMap((form) =>
  (['RootSync', 'RepoSync'] as const).map((kind) => ({ form, kind, name: form.form })),
);

describe('with nothing but cosign.pub', () => {
  // At the same time: what was unsigned is looked at again only some seconds later.
  it.concurrent.each(WALKS)(
    '$kind: unsigned is denied, signed by $name is admitted',
    async ({ form, kind }) => {
      const pushed = await world.pushImage();
      const { image, digest } = pushed;
      const sync = await world.follow(kind, image);
      const value = `${image}@${digest}`;

      const denied = await say(sync, value);
      expect(denied.status).toBe(422);
      expect(denied.message).toContain(`${DENIED}Image validation failed: no signatures found`);
      expect(denied.message).toContain(digest);
      expect(await say(sync, value)).toEqual(denied);
      expect(await valueOf(sync)).toBeUndefined();

      await sign(form, pushed, digest);
      await until(async () => (await say(sync, value)).status === 200);
      expect(await valueOf(sync)).toBe(value);

      // Another digest under the same tag is another decision.
      const { index: next } = await world.pushImage();
      const moved = await say(sync, `${image}@${next}`);
      expect(moved).toMatchObject({ status: 422, message: expect.stringContaining(next) });
      expect(await valueOf(sync)).toBe(value);
    },
  );

  it('prints to people what the sample server printed', async () => {
    const { image, digest } = await world.pushImage();
    const { metadata } = await world.follow('RootSync', image);
    const { code, stderr } = await world.cluster.attempt(
      `kubectl annotate rootsync ${metadata.name} -n ${metadata.namespace} ${IMAGE_TO_SYNC}=${image}@${digest}`,
    );
    expect(code).toBe(1);
    expect(stderr).toContain(DENIED);
    expect(stderr).toContain('no signatures found');
  });

  it.each(['startupProbe', 'readinessProbe', 'livenessProbe'])('answers its %s', async (name) => {
    const { template } = readOne(deploymentSchema, 'base/deployment.yaml').spec;
    const { httpGet } = z
      .looseObject({ httpGet: z.looseObject({ path: z.string() }) })
      .parse(template.spec.containers[0][name]);
    const url = `https://${world.cluster.address}:10250${httpGet.path}`;
    const { stdout } = await world.cluster.attempt(
      `curl --silent --insecure --output /dev/null --write-out '%{http_code}' ${url}`,
    );
    expect(stdout).toBe('200');
  });

  it('asked no registry but that of the images', () => {
    expect(new Set(world.proxy.asked)).toEqual(new Set([`${PUBLIC_HOST}:443`]));
  });

  it('denies an image at a private address, and does not ask it', async () => {
    const { repository, digest } = await world.pushImage();
    const sync = await world.follow('RootSync', `${repository}:one`);
    expect(await say(sync, `${repository}:one@${digest}`)).toMatchObject({
      status: 503,
      message: expect.stringContaining('registry-not-allowed'),
    });
  });
});

describe('of a chart', () => {
  let charts = 0;
  async function chart(): Promise<
    Pick<PushedImage, 'repository'> & { name: string; digest: string }
  > {
    const name = `chart-${++charts}`;
    const { embedded } = world.cosign.hosts;
    const pusher = createPusher(`http://${embedded}`, `configs/${name}`);
    const digest = await pusher.chart({ [`${name}/Chart.yaml`]: `v: ${name}` }, '1.2.3', ['1.2.3']);
    return { repository: `${embedded}/configs/${name}`, digest, name };
  }
  const repo = `oci://${PUBLIC_HOST}/configs`;
  const value = `${repo}@sha256:1.2.3`;
  const swap = (sync: RSyncManifest, name: string) =>
    world.cluster.send({
      method: 'PATCH',
      path: pathOf(sync),
      type: 'application/merge-patch+json',
      body: { spec: { helm: { chart: name } } },
    });

  it('a version is admitted when it is signed, and another chart under it only when that is too', async () => {
    const [signed, other] = [await chart(), await chart()];
    await sign(BUNDLE, signed, signed.digest);
    const sync = withMetadata(helmSync({}, { repo, chart: other.name }), { name: 'chart' });
    await world.cluster.apply(sync);
    expect(await say(sync, value)).toMatchObject({ status: 422 });
    expect((await swap(sync, signed.name)).status).toBe(200);
    expect(await say(sync, value)).toMatchObject({ status: 200 });
    // The value stays as it is, and would mean another chart.
    expect(await swap(sync, other.name)).toMatchObject({ status: 422 });
    await sign(BUNDLE, other, other.digest);
    await until(async () => (await swap(sync, other.name)).status === 200);
  });
});

describe('what the sample server admitted is denied:', () => {
  it('a signature copied from another image', async () => {
    const pushed = await world.pushImage();
    const { image, digest, index, repository } = pushed;
    await sign(LEGACY, pushed, index);
    const tagOf = (of: string): string => `${repository}:${of.replace(':', '-')}.sig`;
    await world.cosign.run('crane', 'copy', tagOf(index), tagOf(digest));
    const sync = await world.follow('RootSync', image);
    expect(await say(sync, `${image}@${digest}`)).toMatchObject({
      status: 422,
      message: expect.stringContaining('digest-mismatch'),
    });
  });

  it('a value that is there from the beginning', async () => {
    const [unsigned, signed] = [await world.pushImage(), await world.pushImage()];
    await sign(BUNDLE, signed, signed.digest);
    const create = ({ image, digest }: PushedImage) => {
      const annotations = { [IMAGE_TO_SYNC]: `${image}@${digest}` };
      const body = withMetadata(following('RootSync', image, 'from-the-beginning'), {
        annotations,
      });
      return world.cluster.send({ method: 'POST', path: collectionOf(body), body });
    };
    expect(await create(unsigned)).toMatchObject({ status: 422 });
    expect(await create(signed)).toMatchObject({ status: 201 });
  });

  it('an image that is signed, and not the one in the spec', async () => {
    const signed = await world.pushImage();
    await sign(LEGACY, signed, signed.digest);
    const { image } = await world.pushImage();
    const sync = await world.follow('RootSync', image);
    expect(await say(sync, `${signed.image}@${signed.digest}`)).toMatchObject({
      status: 422,
      message: expect.stringContaining('spec.oci.image'),
    });
  });

  it.each([
    ['a tag without a digest', (image: string) => image],
    ['what is no reference at all', () => 'x'],
  ])('%s', async (_, valueFor) => {
    const { image } = await world.pushImage();
    const sync = await world.follow('RootSync', image);
    expect((await say(sync, valueFor(image))).status).toBe(422);
  });
});

describe('what the sample server refused is admitted:', () => {
  it('an image that the spec pins by digest', async () => {
    const pushed = await world.pushImage();
    const { image, digest } = pushed;
    await sign(LEGACY, pushed, digest);
    const sync = await world.follow('RootSync', `${image}@${digest}`);
    expect((await say(sync, `${image}@${digest}@${digest}`)).status).toBe(200);
  });

  it('the child of an index that was signed', async () => {
    const pushed = await world.pushImage();
    await sign(BUNDLE, pushed, pushed.index);
    const image = pushed.image.replace(/:one$/, ':index');
    const sync = await world.follow('RootSync', image);
    expect(await say(sync, `${image}@${pushed.digest}`)).toMatchObject({ status: 200 });
  });

  it('the end of a value', async () => {
    const pushed = await world.pushImage();
    const { image, digest } = pushed;
    await sign(LEGACY, pushed, digest);
    const sync = await world.follow('RootSync', image);
    await say(sync, `${image}@${digest}`);
    expect((await say(sync, null)).status).toBe(200);
  });
});
