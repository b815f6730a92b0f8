import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { UNSIGNED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, ROOT, createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';
import { IMAGE, buildRSync } from '#test/fixtures/rsync.ts';
import { asPerson } from '#test/fixtures/people.ts';

const SELF = 'http://127.0.0.1:8080';
const EVIL = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;

type World = ReturnType<typeof createApiWorld>;

function post(world: World, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return world.request('/resync', {
    method: 'POST',
    headers: { origin: SELF, ...headers },
    body: new URLSearchParams(fields),
  });
}

describe('GET /', () => {
  it('says how the fleet is in one line, and shows every RSync, from the snapshot', async () => {
    const world = createApiWorld();
    await world.sweep();
    const calls = world.calls();
    const answer = await world.get('/', 'text/html');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=UTF-8');
    const text = await answer.text();
    expect(text).toContain('3 RSyncs on 3 clusters: all is well');
    for (const name of ['cluster-1', 'cluster-2', 'cluster-3', IMAGE, 'verified', 'Synced']) {
      expect(text).toContain(name);
    }
    expect(world.calls()).toEqual(calls);
  });

  it('counts what is not well', async () => {
    const world = createApiWorld();
    world.clusters.cluster('cluster-3').down = 'cluster-unreachable';
    world.clusters.cluster('cluster-2').rsyncs.set(ROOT, buildRSync());
    world.verdicts.set(A, UNSIGNED);
    await world.sweep();
    const text = await (await world.get('/')).text();
    expect(text).toContain('2 RSyncs on 3 clusters: 1 Pending, 1 Unguarded, 1 Unreachable');
  });

  it('leads from each number to what it counts, and back', async () => {
    const world = createApiWorld();
    world.clusters.cluster('cluster-3').down = 'cluster-unreachable';
    await world.sweep();
    const text = await (await world.get('/')).text();
    const links = [...text.matchAll(/href="(\/\?phase=\w+)" [^>]*>([^<]+)</g)];
    expect(links.map(([, to, name]) => [to, name])).toEqual([
      ['/?phase=Synced', '2 Synced'],
      ['/?phase=Unreachable', '1 Unreachable'],
    ]);
    const dead = await (await world.get('/?phase=Unreachable')).text();
    expect(dead).toContain('aria-label="cluster-3"');
    expect(dead).not.toContain('aria-label="cluster-1"');
    expect(dead).toContain('<a href="/">All clusters</a>');
  });

  it('leads on to the next page, and back to the first', async () => {
    const world = createApiWorld();
    await world.sweep();
    const first = await (await world.get('/?limit=1')).text();
    const [, next = ''] = /href="([^"]+)" rel="next"/.exec(first) ?? [];
    const second = await (await world.get(next.replaceAll('&amp;', '&'))).text();
    expect(second).toContain('aria-label="cluster-2"');
    expect(second).toContain('First page');
    expect(first).not.toContain('First page');
  });

  it('filters', async () => {
    const world = createApiWorld();
    await world.sweep();
    const text = await (await world.get('/?cluster=cluster-2&image=&phase=')).text();
    expect(text).toContain('aria-label="cluster-2"');
    expect(text).not.toContain('aria-label="cluster-1"');
  });

  it('loads nothing but its own style sheet and script', async () => {
    const answer = await createApiWorld().get('/');
    expect(answer.headers.get('content-security-policy')?.split('; ')).toEqual([
      "default-src 'none'",
      "style-src 'self'",
      "script-src 'self'",
      "connect-src 'self'",
      "img-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const text = await answer.text();
    expect(text).not.toMatch(/<style|style=|\son[a-z]+=|<script(?! src="\/page\.js")/);
  });

  it.each(['/page.css', '/page.js', '/page.svg'])('serves %s', async (path) => {
    const answer = await createApiWorld().get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(
      /^(?:text\/(?:css|javascript)|image\/svg\+xml); charset=utf-8$/,
    );
  });

  it('escapes what others wrote, wherever it is shown', async () => {
    const status = {
      ...liveRSync().status,
      stalled: { status: 'True' as const, reason: EVIL, message: EVIL, errorCount: 0 },
    };
    const errors = [{ code: EVIL, message: EVIL }];
    const world = createApiWorld({
      clusters: {
        [EVIL]: [
          liveRSync({
            status: { ...status, source: { ...status.source, errors, errorCount: 1 } },
            annotations: { breakGlass: EVIL, receipt: EVIL, imageToSync: EVIL, approved: EVIL },
          }),
        ],
      },
    });
    await world.sweep();
    const pages = [
      '/',
      `/explain?cluster=${encodeURIComponent(EVIL)}&sync=${ROOT}`,
      `/?image=${encodeURIComponent(EVIL)}`,
      `/?cluster=${encodeURIComponent(EVIL)}`,
      `/explain?cluster=${encodeURIComponent(EVIL)}&sync=${encodeURIComponent(EVIL)}`,
      `/?asked=${encodeURIComponent(EVIL)}`,
    ];
    const texts = await Promise.all(pages.map(async (path) => (await world.get(path)).text()));
    const form = await post(world, { image: IMAGE, reason: EVIL, step: 'preview' });
    for (const text of [...texts, await form.text()]) {
      expect(text).toMatch(/^<!doctype html>/);
      expect(text).not.toMatch(/<script>|<img src=x|onerror='/);
    }
    expect(texts[0]).toContain('&lt;script&gt;');
  });

  it.each([
    ['/?phase=nothing', 400],
    ['/?unknown=1', 400],
    ['/explain?cluster=nobody&sync=RootSync/a', 404],
    ['/explain?cluster=cluster-1&sync=RootSync/nobody', 404],
    ['/explain', 400],
  ])('makes a page of a failure: %s is %i', async (path, status) => {
    const answer = await createApiWorld().get(path);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain('Back to the fleet');
  });

  it('says that the store cannot be read, and not how', async () => {
    const fails = () => Promise.reject(new CountersignError('store-unavailable', 'Store is down'));
    const store = {
      readCluster: fails,
      listClusters: fails,
      followers: fails,
      readNote: fails,
      troubledTags: () => Promise.resolve([]),
    };
    const answer = await createApiWorld({}, { store }).get('/');
    expect(answer.status).toBe(503);
    const broken = { ...store, listClusters: () => Promise.reject(new Error('secret path')) };
    const internal = await createApiWorld({}, { store: broken }).get('/');
    expect(internal.status).toBe(500);
    expect(await internal.text()).not.toContain('secret');
  });
});

describe('a stranger', () => {
  const strangers = (code: 'unauthenticated' | 'forbidden') =>
    createApiWorld(
      {},
      { checkPerson: () => Promise.reject(new CountersignError(code, `Because of ${EVIL}`)) },
    );

  it.each([
    ['unauthenticated', 401, 'access.api.mode: iap'],
    ['forbidden', 403, 'access.api.viewers'],
  ] as const)('who is %s is told with %i how people get in', async (code, status, way) => {
    const world = strangers(code);
    const answer = await world.get('/', 'text/html,*/*;q=0.8');
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=UTF-8');
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    const text = await answer.text();
    expect(text).toContain(way);
    expect(text).not.toContain('<script>');
    expect(text).not.toContain('Signed in');
    expect(world.lines.map(({ message }) => message)).toEqual(['Turned away']);
  });

  it.each(['/', '/explain?cluster=cluster-1&sync=RootSync/root-sync'])(
    'who is no browser gets a problem document from %s',
    async (path) => {
      const answer = await strangers('unauthenticated').get(path, '*/*');
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(await answer.json()).toMatchObject({ status: 401, code: 'unauthenticated' });
    },
  );
});

describe('the form', () => {
  it('shows a dry run first, and resyncs on a second button', async () => {
    const world = createApiWorld();
    world.verdicts.set(B, VERIFIED);
    await world.sweep();
    const dry = await post(world, { cluster: 'cluster-1', image: '', step: 'preview' });
    expect(dry.status).toBe(200);
    const text = await dry.text();
    expect(text).toContain('A resync would task 1 cluster');
    expect(world.tasks).toEqual([]);
    const [, key = ''] = /name="key" value="([^"]+)"/.exec(text) ?? [];
    const confirm = { cluster: 'cluster-1', step: 'confirm', key };
    const done = await post(world, confirm);
    expect(done.status).toBe(303);
    const to = done.headers.get('location') ?? '';
    expect(to).toMatch(/^\/\?cluster=cluster-1&asked=[0-9a-f]{32}&tasked=1$/);
    expect(world.tasks).toHaveLength(1);
    await post(world, confirm);
    expect(world.tasks).toHaveLength(1);
    expect(await (await world.get(to)).text()).toContain('1 cluster tasked');
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['without one', { origin: '' }],
    ['a sandboxed page', { origin: 'null' }],
    ['a cross-site request', { 'sec-fetch-site': 'cross-site' }],
  ])('refuses what comes from %s', async (_, headers) => {
    const world = createApiWorld();
    const sent: Record<string, string> = { ...headers };
    const answer = await world.request('/resync', {
      method: 'POST',
      headers: Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== '')),
      body: new URLSearchParams({ step: 'confirm' }),
    });
    expect(answer.status).toBe(403);
    expect(world.tasks).toEqual([]);
  });

  it('takes no other kind of body', async () => {
    const world = createApiWorld();
    const answer = await world.request('/resync', {
      method: 'POST',
      headers: { origin: SELF, 'content-type': 'text/plain' },
      body: 'step=confirm',
    });
    expect(answer.status).toBe(415);
    expect(world.tasks).toEqual([]);
  });

  it('is not there for who may only look, nor answered', async () => {
    const checkPerson = asPerson('dev@acme.example');
    const world = createApiWorld({}, { checkPerson });
    expect(await (await world.get('/')).text()).not.toContain('action="/resync"');
    const answer = await post(world, { step: 'confirm' });
    expect(answer.status).toBe(403);
    expect(world.tasks).toEqual([]);
  });
});
