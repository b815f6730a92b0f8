import { afterEach, describe, expect, it } from 'vitest';
import {
  type AdmissionOptions,
  type AdmissionWorld,
  startAdmissionWorld,
} from '#test/fixtures/admission-world.ts';
import { annotated, reviewOf, rootSync, type SyncObject } from '#test/fixtures/reviews.ts';

const PATH = 'configs/platform';
const APPROVED = 'countersign.dev/approved';

let world: AdmissionWorld;
let image: string;
afterEach(() => world?.close());

async function start(options: AdmissionOptions): Promise<void> {
  world = await startAdmissionWorld(options);
  image = `${world.host}/${PATH}:v1`;
}

async function push(content: string): Promise<string> {
  return world.pusher(PATH).image({ 'a.yaml': content }, 'v1');
}

async function ask(object: SyncObject, oldObject?: SyncObject) {
  const body = reviewOf(oldObject === undefined ? { object } : { object, oldObject });
  return (await world.post(body)).review.response;
}

describe('mode: warn', () => {
  it('admits what it would refuse, with a warning and a record of it', async () => {
    await start({ settings: { mode: 'warn' } });
    const digest = await push('a');
    const response = await ask(rootSync(image, `${image}@${digest}`));
    expect(response).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('no signatures found')],
      auditAnnotations: { outcome: 'unsigned', verdict: 'unsigned', mode: 'warn' },
    });
    expect(response).not.toHaveProperty('status');
  });

  it.each<[string, (named: string) => SyncObject]>([
    ['what is not of its spec', (named) => rootSync(named, `${named}2@sha256:${'a'.repeat(64)}`)],
    [
      'what cannot be read',
      (named) => annotated(rootSync(named), { 'configsync.gke.io/image-to-sync': 5 }),
    ],
  ])('admits %s too', async (_, object) => {
    await start({ settings: { mode: 'warn' } });
    const response = await ask(object(image));
    expect(response).toMatchObject({ allowed: true, auditAnnotations: { mode: 'warn' } });
    expect(response?.warnings).toHaveLength(1);
  });

  it('says nothing where there is nothing to say', async () => {
    await start({ settings: { mode: 'warn' } });
    const digest = await push('a');
    await world.sign(PATH, digest);
    const response = await ask(rootSync(image, `${image}@${digest}`));
    expect(response).not.toHaveProperty('warnings');
    expect(response?.auditAnnotations).not.toHaveProperty('mode');
  });
});

describe('unchanged: verify', () => {
  it('stops what a replaced key had signed, though it stays as it was', async () => {
    await start({ settings: { unchanged: 'verify' } });
    const digest = await push('a');
    const object = rootSync(image, `${image}@${digest}`);
    expect(await ask(object, object)).toMatchObject({ allowed: false, status: { code: 422 } });
    await world.sign(PATH, digest);
    world.pass(20_000);
    expect(await ask(object, object)).toMatchObject({ allowed: true });
  });

  it('admits the finalizing of what is being deleted, and judges its announcements', async () => {
    await start({ settings: { unchanged: 'verify' } });
    const object = rootSync(image, `${image}@sha256:${'a'.repeat(64)}`);
    const old = {
      ...object,
      metadata: {
        ...object.metadata,
        deletionTimestamp: '2026-11-22T05:00:00Z',
        finalizers: ['configsync.gke.io/reconciler', 'acme.example/hold'],
      },
    };
    const finalizers = ['acme.example/hold'];
    const finalized = { ...old, metadata: { ...old.metadata, finalizers } };
    expect(await ask(finalized, old)).toMatchObject({ allowed: true });
    expect(await ask(old, old)).toMatchObject({ allowed: false, status: { code: 422 } });
  });
});

describe('an old image with a good signature', () => {
  async function rollBack(downgrade: 'allow' | 'warn' | 'deny', live = false) {
    await start({ rule: { downgrade } });
    const old = await push('old');
    const current = await push('current');
    await world.sign(PATH, old);
    await world.sign(PATH, current);
    const approved = { [APPROVED]: `${current} ${old}` };
    const commit = old.replace('sha256:', '');
    const before = annotated(rootSync(image, `${image}@${current}`), approved);
    const status = live ? { status: { lastSyncedCommit: commit } } : {};
    return ask(annotated(rootSync(image, `${image}@${old}`), approved), { ...before, ...status });
  }

  it('is admitted with a warning, by default', async () => {
    expect(await rollBack('warn')).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('approved before')],
      auditAnnotations: { outcome: 'verified', downgrade: 'true' },
    });
  });

  it('is denied under downgrade: deny', async () => {
    expect(await rollBack('deny')).toMatchObject({
      allowed: false,
      status: { code: 422 },
      auditAnnotations: { outcome: 'moved-back', downgrade: 'true' },
    });
  });

  it('is admitted silently under downgrade: allow', async () => {
    const response = await rollBack('allow');
    expect(response).toMatchObject({ allowed: true });
    expect(response).not.toHaveProperty('warnings');
    expect(response?.auditAnnotations).not.toHaveProperty('downgrade');
  });

  it('is no step back where it is still live', async () => {
    const response = await rollBack('deny', true);
    expect(response).toMatchObject({ allowed: true });
    expect(response).not.toHaveProperty('warnings');
  });
});

describe('a policy that allows unsigned images', () => {
  it('admits them with a warning', async () => {
    await start({ policy: { authorities: [], require: 0, allowUnsigned: true } });
    const digest = await push('a');
    expect(await ask(rootSync(image, `${image}@${digest}`))).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('is not signed')],
      auditAnnotations: { outcome: 'verified', unsigned: 'true' },
    });
  });
});

describe('an access that is refused', () => {
  it('is answered with a problem, and no review', async () => {
    const { CountersignError } = await import('#shared/core/errors.ts');
    await start({
      checkReviewer: async () => {
        throw new CountersignError('unauthenticated', 'Authorization is needed');
      },
    });
    const told = await world.post(reviewOf({ object: rootSync(image) }));
    expect(told.status).toBe(401);
    expect(told.review).toEqual({});
  });
});
