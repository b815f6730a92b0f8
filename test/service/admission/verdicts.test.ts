import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdmissionWorld, startAdmissionWorld } from '#test/fixtures/admission-world.ts';
import { annotated, helmSync, repoSync, reviewOf, rootSync, UID } from '#test/fixtures/reviews.ts';

let world: AdmissionWorld;
let serial = 0;

beforeAll(async () => {
  world = await startAdmissionWorld();
});
afterAll(() => world?.close());

/** Pushes another image, under the tag v1 of a repository of its own. */
async function push(): Promise<{ path: string; image: string; digest: string }> {
  const path = `configs/app-${(serial += 1)}`;
  const digest = await world.pusher(path).image({ 'a.yaml': `n: ${serial}` }, 'v1');
  return { path, image: `${world.host}/${path}:v1`, digest };
}

describe('POST /validate of a changed image-to-sync', () => {
  it.each([
    ['RootSync', rootSync, 'v1'],
    ['RepoSync', repoSync, 'v1'],
    ['RootSync', rootSync, 'v1beta1'],
    ['RepoSync', repoSync, 'v1beta1'],
  ] as const)(
    'denies an unsigned %s, and admits it when it is signed (%3$s)',
    async (_, sync, version) => {
      const { path, image: named, digest } = await push();
      const object = sync(named, `${named}@${digest}`);
      const body = reviewOf({ version, object, oldObject: sync(named) });
      const { review, status } = await world.post(body);
      expect(status).toBe(200);
      expect(review).toMatchObject({
        apiVersion: `admission.k8s.io/${version}`,
        kind: 'AdmissionReview',
        response: { uid: UID, allowed: false, status: { code: 422, reason: 'Invalid' } },
      });
      const { message } = review.response?.status ?? { message: '' };
      expect(message).toContain('Image validation failed: ');
      expect(message).toContain('no signatures found');
      expect(message).toContain(digest);
      await world.sign(path, digest);
      world.pass(20_000);
      expect((await world.post(body)).review.response).toEqual({
        uid: UID,
        allowed: true,
        auditAnnotations: {
          outcome: 'verified',
          image: named.replace(/:v1$/, ''),
          digest,
          policy: 'release',
          verdict: 'verified',
          authorities: 'release-key',
        },
      });
    },
  );

  it.each(['v1beta1', 'v1alpha1'])('takes objects of configsync.gke.io/%s', async (version) => {
    const { path, image: named, digest } = await push();
    const rest = { apiVersion: `configsync.gke.io/${version}` };
    const review = (value: string) =>
      reviewOf({
        object: rootSync(named, value, rest),
        oldObject: rootSync(named, undefined, rest),
      });
    expect((await world.post(review(`${named}@${digest}`))).review.response?.allowed).toBe(false);
    await world.sign(path, digest, 'bundle');
    world.pass(20_000);
    expect((await world.post(review(`${named}@${digest}`))).review.response?.allowed).toBe(true);
  });

  it('says the same each time, and nothing of this attempt', async () => {
    const { image: named, digest } = await push();
    const ask = (uid: string) =>
      world.post(reviewOf({ uid, object: rootSync(named, `${named}@${digest}`) }));
    const first = await ask('one');
    world.pass(3_600_000);
    const second = await ask('two');
    expect(second.review.response?.status).toEqual(first.review.response?.status);
    expect(first.review.response?.status?.message).not.toContain('one');
  });

  it('denies what another key signed, with the reason', async () => {
    const { path, image: named, digest } = await push();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await world.sign(path, digest, 'legacy', privateKey);
    const { review } = await world.post(
      reviewOf({ object: rootSync(named, `${named}@${digest}`) }),
    );
    expect(review.response).toMatchObject({
      allowed: false,
      status: { code: 422, message: expect.stringContaining('wrong-key') },
      auditAnnotations: { verdict: 'untrusted', reasons: 'wrong-key', outcome: 'untrusted' },
    });
    expect(review.response?.status?.message).not.toContain('no signatures found');
  });

  it('admits the child of an index that was signed, and not that of another', async () => {
    const path = `configs/index-${(serial += 1)}`;
    const pusher = world.pusher(path);
    const child = await pusher.image({ 'a.yaml': `child: ${serial}` });
    const index = await pusher.index([{ digest: child, platform: 'linux/amd64' }], 'v1');
    const other = await pusher.image({ 'a.yaml': `other: ${serial}` });
    await world.sign(path, index);
    const named = `${world.host}/${path}:v1`;
    const ask = async (digest: string) =>
      (await world.post(reviewOf({ object: rootSync(named, `${named}@${digest}`) }))).review
        .response;
    expect(await ask(child)).toMatchObject({ allowed: true });
    expect(await ask(other)).toMatchObject({ allowed: false });
  });
});

describe('POST /validate of an image pinned by digest', () => {
  it('reads the value from the right', async () => {
    const { path, digest } = await push();
    const pinned = `${world.host}/${path}@${digest}`;
    const body = reviewOf({ object: rootSync(pinned, `${pinned}@${digest}`) });
    expect((await world.post(body)).review.response?.status?.message).toContain(
      'no signatures found',
    );
    await world.sign(path, digest);
    world.pass(20_000);
    expect((await world.post(body)).review.response?.allowed).toBe(true);
  });

  it('takes the child of the index that is pinned, and nothing else however well signed', async () => {
    const path = `configs/pinned-${(serial += 1)}`;
    const pusher = world.pusher(path);
    const child = await pusher.image({ 'a.yaml': `pinned: ${serial}` });
    const index = await pusher.index([{ digest: child, platform: 'linux/amd64' }]);
    const other = await pusher.image({ 'a.yaml': `another: ${serial}` });
    await world.sign(path, index);
    await world.sign(path, other);
    const pinned = `${world.host}/${path}:v1@${index}`;
    const ask = async (digest: string) =>
      (await world.post(reviewOf({ object: rootSync(pinned, `${pinned}@${digest}`) }))).review
        .response;
    expect(await ask(child)).toMatchObject({ allowed: true });
    expect(await ask(other)).toMatchObject({ allowed: false, status: { code: 422 } });
  });
});

describe('POST /validate of a child whose index alone is signed', () => {
  async function pushPair() {
    const path = `configs/child-${(serial += 1)}`;
    const pusher = world.pusher(path);
    const child = await pusher.image({ 'a.yaml': `child: ${serial}` });
    const index = await pusher.index([{ digest: child, platform: 'linux/amd64' }], 'v1');
    await world.sign(path, index);
    return { repository: `${world.host}/${path}`, child, index };
  }

  function receiptOf(image: string, digest: string, index: string): Record<string, string> {
    const time = '2026-11-22T05:00:00Z';
    const shared = { verdict: 'verified', authorities: [], policy: 'p', enforcement: 'digest' };
    const times = { resolvedAt: time, approvedAt: time, reason: 'push' };
    return {
      'countersign.dev/receipt': JSON.stringify({ image, digest, index, ...shared, ...times }),
    };
  }

  it('finds the index by the tag beside a pinned digest', async () => {
    const { repository, child } = await pushPair();
    const image = `${repository}:v1@${child}`;
    const { review } = await world.post(reviewOf({ object: rootSync(image, `${image}@${child}`) }));
    expect(review.response?.allowed).toBe(true);
  });

  it('finds it by the receipt of the last approval', async () => {
    const { repository, child, index } = await pushPair();
    const image = `${repository}@${child}`;
    const object = annotated(rootSync(image, `${image}@${child}`), receiptOf(image, child, index));
    expect((await world.post(reviewOf({ object }))).review.response?.allowed).toBe(true);
  });

  it('does not take the receipt for a proof', async () => {
    const { repository, index } = await pushPair();
    const path = repository.slice(world.host.length + 1);
    const stranger = await world.pusher(path).image({ 'a.yaml': `stranger: ${serial}` });
    const image = `${repository}@${stranger}`;
    const receipt = receiptOf(image, stranger, index);
    const object = annotated(rootSync(image, `${image}@${stranger}`), receipt);
    expect((await world.post(reviewOf({ object }))).review.response?.allowed).toBe(false);
  });
});

describe('POST /validate of a Helm chart', () => {
  const CHART = 'platform';

  async function pushChart(
    version: string,
  ): Promise<{ repo: string; path: string; digest: string }> {
    const folder = `configs/charts-${(serial += 1)}`;
    const path = `${folder}/${CHART}`;
    const tag = version.replaceAll('+', '_');
    const digest = await world.pusher(path).chart({ 'Chart.yaml': `v: ${serial}` }, version, [tag]);
    return { repo: `oci://${world.host}/${folder}`, path, digest };
  }

  it.each(['1.2.3', '2.0.0-rc.1+build.7'])('verifies what version %s is', async (version) => {
    const { repo, path, digest } = await pushChart(version);
    const helm = { repo, chart: CHART, version };
    const body = reviewOf({ object: helmSync(helm, `${repo}@sha256:${version}`) });
    const denied = await world.post(body);
    expect(denied.review.response?.status?.message).toContain('no signatures found');
    expect(denied.review.response?.auditAnnotations).toMatchObject({ digest, verdict: 'unsigned' });
    await world.sign(path, digest);
    world.pass(20_000);
    expect((await world.post(body)).review.response).toMatchObject({
      allowed: true,
      auditAnnotations: { digest, outcome: 'verified' },
    });
  });

  it('does not take the verdict of one push of a version for that of the next', async () => {
    const { repo, path, digest } = await pushChart('1.0.0');
    await world.sign(path, digest);
    const body = reviewOf({
      object: helmSync({ repo, chart: CHART, version: '1.0.0' }, `${repo}@sha256:1.0.0`),
    });
    expect((await world.post(body)).review.response?.allowed).toBe(true);
    await world.pusher(path).chart({ 'Chart.yaml': 'evil' }, '1.0.0', ['1.0.0']);
    world.pass(1);
    expect((await world.post(body)).review.response?.allowed).toBe(false);
  });

  it.each([
    ['latest', 'latest', undefined, 'one exact version'],
    ['a range', '>=1.0.0', undefined, 'one exact version'],
    ['another version than the spec has', '1.2.3', '1.2.4', 'spec.helm.version'],
  ])('denies %s', async (_, announced, version, words) => {
    const repo = `oci://${world.host}/configs/charts`;
    const helm = { repo, chart: CHART, ...(version === undefined ? {} : { version }) };
    const { review } = await world.post(
      reviewOf({ object: helmSync(helm, `${repo}@sha256:${announced}`) }),
    );
    expect(review.response).toMatchObject({
      allowed: false,
      status: { code: 422, message: expect.stringContaining(words) },
    });
  });

  it('denies another repository than the spec has', async () => {
    const { repo, path, digest } = await pushChart('1.2.3');
    await world.sign(path, digest);
    const object = helmSync(
      { repo: `oci://${world.host}/configs/others`, chart: CHART },
      `${repo}@sha256:1.2.3`,
    );
    expect((await world.post(reviewOf({ object }))).review.response).toMatchObject({
      allowed: false,
      auditAnnotations: { outcome: 'not-of-spec' },
    });
  });
});
