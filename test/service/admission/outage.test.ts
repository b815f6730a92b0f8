import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AdmissionWorld, startAdmissionWorld } from '#test/fixtures/admission-world.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { reviewOf, rootSync } from '#test/fixtures/reviews.ts';
import { PATIENCE } from '#test/patience.ts';

const PATH = 'configs/platform';
/** For which the verifier keeps a good verdict by itself. */
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** A timeout of the API server, and what of it is left for a look. */
const SHORT = { timeout: '1500ms', deadlineMs: 1125 };

let world: AdmissionWorld;
let digest: string;

beforeEach(async () => {
  world = await startAdmissionWorld();
  digest = await world.pusher(PATH).image({ 'a.yaml': 'a: 1' }, 'v1');
});
afterEach(() => world?.close());

async function ask(path = PATH, of = digest, timeout = '10s') {
  const image = `${world.host}/${path}:v1`;
  const body = reviewOf({ object: rootSync(image, `${image}@${of}`) });
  const { review } = await world.post(body, { path: `/validate?timeout=${timeout}` });
  return review.response;
}

function fail(status: number): void {
  world.fault = () => new Response('registry secret eyJhbGciOiJSUzI1NiJ9.payload', { status });
}

function hang(): void {
  world.silent = true;
}

describe('what cannot be checked is never admitted', () => {
  it.each([
    [500, 'registry-unavailable'],
    [429, 'registry-unavailable'],
    [401, 'registry-denied'],
    [403, 'registry-denied'],
    [418, 'registry-misbehaved'],
  ])('a registry that answers %i', async (status, failure) => {
    await world.sign(PATH, digest);
    fail(status);
    const response = await ask();
    expect(response).toMatchObject({
      allowed: false,
      status: { code: 503, reason: 'ServiceUnavailable' },
      auditAnnotations: { outcome: 'unchecked', verdict: 'unchecked', failure },
    });
    // Nothing of what it wrote, and no wait in silence.
    expect(JSON.stringify(response)).not.toContain('secret');
    expect(response?.status).not.toHaveProperty('details');
    expect(response?.status?.message).toContain(digest);
  });

  it('is in time for the API server, whatever the registry does', async () => {
    hang();
    const response = await ask(PATH, digest, '200ms');
    expect(response?.status).toMatchObject({ code: 503 });
    // The look itself is still under way: it was not waited for.
    expect(world.lines.map(({ message }) => message)).not.toContain('Image could not be checked');
  });

  it('says the same of a registry that hangs and of one that fails', async () => {
    hang();
    const late = await ask(PATH, digest, '500ms');
    await world.close();
    world = await startAdmissionWorld();
    fail(503);
    const failed = await ask();
    const plain = (text = '') => text.replace(/127\.0\.0\.1:\d+/, 'host');
    expect(plain(late?.status?.message)).toBe(plain(failed?.status?.message));
  });

  it('is asked again, and heals', async () => {
    await world.sign(PATH, digest);
    fail(500);
    expect((await ask())?.allowed).toBe(false);
    world.fault = undefined;
    world.pass(2_000);
    expect((await ask())?.allowed).toBe(true);
  });

  it('is not asked by all reviews at once again when it has just failed', async () => {
    fail(500);
    await ask();
    await Promise.all(Array.from({ length: 20 }, () => ask()));
    // Not what the registry was asked: a look asks for several things at once, and fails with the first.
    const failed = world.lines.filter(({ message }) => message === 'Image could not be checked');
    expect(failed).toHaveLength(1);
  });
});

describe('what was verified before an outage', () => {
  beforeEach(async () => {
    await world.sign(PATH, digest);
    await ask();
    world.asked.length = 0;
  });

  it('needs no registry for an hour', async () => {
    fail(500);
    world.pass(HOUR_MS - MINUTE_MS);
    const response = await ask();
    expect(response).toMatchObject({ allowed: true, auditAnnotations: { outcome: 'verified' } });
    expect(response).not.toHaveProperty('warnings');
    expect(world.asked).toEqual([]);
  });

  it('is admitted for staleFor more, and said to be', async () => {
    fail(500);
    world.pass(HOUR_MS + MINUTE_MS);
    const response = await ask();
    expect(response).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining(digest)],
      auditAnnotations: {
        outcome: 'verified-earlier',
        failure: 'registry-unavailable',
        verdict: 'verified',
      },
    });
    expect(world.asked).not.toEqual([]);
  });

  it('is not admitted any longer than that', async () => {
    fail(500);
    world.pass(HOUR_MS + 11 * MINUTE_MS);
    expect(await ask()).toMatchObject({ allowed: false, status: { code: 503 } });
  });

  it.each([401, 403])('is no excuse for a registry that answers %i', async (status) => {
    fail(status);
    world.pass(HOUR_MS + MINUTE_MS);
    expect(await ask()).toMatchObject({
      allowed: false,
      auditAnnotations: { failure: 'registry-denied' },
    });
  });

  it('keeps no review waiting for a registry that hangs', async () => {
    hang();
    world.pass(HOUR_MS + MINUTE_MS);
    expect((await ask())?.auditAnnotations).toMatchObject({ outcome: 'verified-earlier' });
  });

  it('is no longer good where the signature does not hold any more', async () => {
    world.pass(HOUR_MS + MINUTE_MS);
    world.fault = (request) =>
      /sha256-|referrers/.test(request.url) ? new Response('', { status: 404 }) : undefined;
    expect((await ask())?.status?.message).toContain('no signatures found');
  });

  it('says nothing of other digests', async () => {
    fail(500);
    expect((await ask(PATH, `sha256:${'9'.repeat(64)}`))?.allowed).toBe(false);
  });
});

describe('staleFor: 0s', () => {
  it('admits nothing past its hour', async () => {
    await world.close();
    world = await startAdmissionWorld({ settings: { staleForMs: 0 } });
    digest = await world.pusher(PATH).image({ 'a.yaml': 'a: 1' }, 'v1');
    await world.sign(PATH, digest);
    expect((await ask())?.allowed).toBe(true);
    fail(500);
    world.pass(HOUR_MS + 1_000);
    expect(await ask()).toMatchObject({ allowed: false, status: { code: 503 } });
  });
});

describe('many reviews at once', () => {
  it('of one digest make one look', async () => {
    await world.sign(PATH, digest);
    const alone = await startAdmissionWorld();
    const same = await alone.pusher(PATH).image({ 'a.yaml': 'a: 1' }, 'v1');
    await alone.sign(PATH, same);
    const image = `${alone.host}/${PATH}:v1`;
    await alone.post(reviewOf({ object: rootSync(image, `${image}@${same}`) }));
    const one = alone.asked.length;
    await alone.close();
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask()));
    expect(answers.every((response) => response?.allowed)).toBe(true);
    expect(world.asked.length).toBe(one);
  });

  it('are sent away at once when too many wait, with when to come back', async () => {
    hang();
    using deadlines = holdTimers(SHORT.deadlineMs);
    const answers: Awaited<ReturnType<typeof ask>>[] = [];
    // 16 looks, and 128 that wait for one, of each registry.
    const waiting = Array.from({ length: 150 }, async (_, at) => {
      answers.push(await ask(PATH, `sha256:${String(at).padStart(64, '0')}`, SHORT.timeout));
    });
    await vi.waitUntil(() => answers.length === 6 && deadlines.count() === 144, PATIENCE);
    deadlines.pass();
    await Promise.all(waiting);
    const codes = answers.map((response) => response?.status?.code);
    expect(codes.filter((code) => code === 429)).toHaveLength(6);
    expect(codes.filter((code) => code === 503)).toHaveLength(144);
    const shed = answers.find((response) => response?.status?.code === 429);
    expect(shed).toMatchObject({
      allowed: false,
      status: { reason: 'TooManyRequests', details: { retryAfterSeconds: 1 } },
      auditAnnotations: { outcome: 'overloaded' },
    });
  });

  it('of a registry that hangs do not delay what is known', async () => {
    await world.sign(PATH, digest);
    await ask();
    hang();
    using deadlines = holdTimers(SHORT.deadlineMs);
    const waiting = Array.from({ length: 150 }, (_, at) =>
      ask(PATH, `sha256:${String(at).padStart(64, '0')}`, SHORT.timeout),
    );
    await vi.waitUntil(() => deadlines.count() === 144, PATIENCE);
    expect((await ask())?.allowed).toBe(true);
    deadlines.pass();
    await Promise.all(waiting);
  });
});
