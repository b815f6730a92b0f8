import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { UNSIGNED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, ROOT, createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';
import { IMAGE, buildRSync } from '#test/fixtures/rsync.ts';
import { cluster, liveRow, rowIn } from '#test/fixtures/tally.ts';
import { asPerson } from '#test/fixtures/people.ts';

const SELF = 'http://127.0.0.1:8080';
const EVIL = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;

type World = ReturnType<typeof createApiWorld>;

/** Sends the form of an action, of a resync by default. */
function post(world: World, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return world.request('/act', {
    method: 'POST',
    headers: { origin: SELF, ...headers },
    body: new URLSearchParams({ do: 'resync', ...fields }),
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
    for (const name of ['platform:v1', IMAGE, 'verified', '3 Synced']) {
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
    expect(text).toContain('2 RSyncs on 3 clusters: 1 Pending, 1 Unguarded, 1 Unreachable</h1>');
  });

  it('leads from each number to what it counts, and back', async () => {
    const world = createApiWorld();
    world.clusters.cluster('cluster-3').down = 'cluster-unreachable';
    await world.sweep();
    const text = await (await world.get('/')).text();
    const links = [...text.matchAll(/href="(\/fleet\?phase=\w+)">([\d,]+ \w+)</g)];
    expect(links.map(([, to, name]) => [to, name])).toEqual([
      ['/fleet?phase=Unreachable', '1 Unreachable'],
      ['/fleet?phase=Synced', '2 Synced'],
    ]);
    const dead = await (await world.get('/fleet?phase=Unreachable')).text();
    expect(dead).toContain('1 found');
    expect(dead).toContain('>cluster-3</a>');
    expect(dead).not.toContain('>cluster-1</a>');
    expect(dead).toContain('<a href="/fleet">Show all</a>');
  });

  it.each([
    ['part of a cluster', 'search=STER-2', ['cluster-2']],
    ['part of an RSync', 'search=root', ['cluster-1', 'cluster-2', 'cluster-3']],
    ['part of an image', 'search=platform', ['cluster-1', 'cluster-2', 'cluster-3']],
    ['nothing that there is', 'search=absent', []],
    ['labels', 'labels=env%20%3D%20prod', ['cluster-1']],
    ['labels and a search', 'labels=env%20%3D%20prod&search=cluster-2', []],
    ['an image', `image=${encodeURIComponent(IMAGE)}`, ['cluster-1', 'cluster-2', 'cluster-3']],
    ['a stage that there is not', 'stage=early', []],
    ['a cluster, with what was left empty', 'cluster=cluster-2&image=&phase=', ['cluster-2']],
  ])('finds by %s', async (_, query, expected) => {
    const world = createApiWorld({ labels: { 'cluster-1': { env: 'prod' } } });
    await world.sweep();
    const answer = await world.get(`/fleet?${query}`);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    const found = [...text.matchAll(/title="[^"]*">on ([^<]+)</g)].map(([, name]) => name);
    expect(found).toEqual(expected);
    expect(text.includes('Nothing is found')).toBe(expected.length === 0);
  });

  it('lists the worst first', async () => {
    const world = createApiWorld();
    await world.deps.store.writeCluster(cluster('a', [liveRow()]));
    await world.deps.store.writeCluster(cluster('b', [rowIn('Pending', { verdict: 'unsigned' })]));
    await world.deps.store.writeCluster(cluster('c', [rowIn('Unguarded')]));
    await world.deps.store.writeCluster(cluster('d', [liveRow({ breakGlass: `${B} INC-7` })]));
    const text = await (await world.get('/fleet')).text();
    const found = [...text.matchAll(/title="[^"]*">on ([^<]+)</g)].map(([, name]) => name);
    expect(found).toEqual(['d', 'c', 'b', 'a']);
  });

  it('goes on by hundreds', async () => {
    const world = createApiWorld();
    const rows = Array.from({ length: 230 }, (_, at) => liveRow({ sync: `RepoSync/t${at}/r` }));
    await world.deps.store.writeCluster(cluster('a', rows));
    const first = await (await world.get('/fleet')).text();
    expect(first.match(/<tr><th scope="row">/g)).toHaveLength(100);
    const [, next = ''] = /href="([^"]+)" rel="next"/.exec(first) ?? [];
    expect(next).toBe('/fleet?part=2');
    const last = await (await world.get('/fleet?part=3')).text();
    expect(last.match(/<tr><th scope="row">/g)).toHaveLength(30);
    expect(last).not.toContain('rel="next"');
  });

  it('puts an emergency above everything else, on every view', async () => {
    const world = createApiWorld();
    await world.deps.store.writeCluster(cluster('c', [rowIn('Unguarded')]));
    for (const path of ['/', '/fleet', '/images', '/help', '/act?do=freeze']) {
      const text = await (await world.get(path)).text();
      const alarm = text.indexOf('Emergency: 1 RSync on 1 cluster runs');
      expect(alarm).toBeGreaterThan(0);
      expect(alarm).toBeLessThan(text.indexOf('<main'));
    }
  });

  it('says in its title and by its mark how the fleet is', async () => {
    const world = createApiWorld();
    await world.sweep();
    const well = await (await world.get('/')).text();
    expect(well).toContain('<title>Well · Overview · Countersign</title>');
    expect(well).toContain('href="/page/well.svg"');
    await world.deps.store.writeCluster(cluster('c', [rowIn('Failed')]));
    world.pass(60_000);
    const bad = await (await world.get('/')).text();
    expect(bad).toContain('<title>Not well · Overview · Countersign</title>');
    expect(bad).toContain('href="/page/unwell.svg"');
  });

  it('says what an empty fleet is to do first', async () => {
    const text = await (await createApiWorld({ clusters: {} }).get('/')).text();
    expect(text).toContain('What to do first');
    expect(text).toContain('countersign preflight');
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

  it.each(['/page.css', '/page.js', '/page/well.svg', '/page/unwell.svg'])(
    'serves %s',
    async (path) => {
      const answer = await createApiWorld().get(path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toMatch(
        /^(?:text\/(?:css|javascript)|image\/svg\+xml); charset=utf-8$/,
      );
    },
  );

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
      `/fleet?search=${encodeURIComponent(EVIL)}`,
      `/fleet?labels=${encodeURIComponent(EVIL)}`,
      `/fleet?image=${encodeURIComponent(EVIL)}`,
      `/fleet?cluster=${encodeURIComponent(EVIL)}`,
      `/image?image=${encodeURIComponent(EVIL)}`,
      `/rollout?id=${encodeURIComponent(EVIL)}`,
      `/history?actor=${encodeURIComponent(EVIL)}`,
      `/act?do=${encodeURIComponent(EVIL)}`,
      `/act?do=hold&cluster=${encodeURIComponent(EVIL)}&reason=${encodeURIComponent(EVIL)}`,
      `/explain?cluster=${encodeURIComponent(EVIL)}&sync=${encodeURIComponent(EVIL)}`,
      `/?done=${encodeURIComponent('Call 555 now')}`,
      '/fleet',
    ];
    const texts = await Promise.all(pages.map(async (path) => (await world.get(path)).text()));
    const form = await post(world, { image: IMAGE, reason: EVIL, step: 'preview' });
    for (const text of [...texts, await form.text()]) {
      expect(text).toMatch(/^<!doctype html>/);
      expect(text).not.toMatch(/<script>|<img src=x|onerror='/);
    }
    expect(texts[0]).toContain('&lt;script&gt;');
    for (const text of texts) expect(text).not.toContain('555');
  });

  it.each([
    ['/fleet?phase=nothing', 400],
    ['/fleet?labels=%3D%3D', 400],
    ['/fleet?part=0', 400],
    ['/act', 400],
    ['/act?do=nothing', 400],
    ['/act?do=freeze&cluster=a', 400],
    ['/rollout?id=platform-v1-7-00000001', 404],
    ['/image', 400],
    ['/history', 400],
    ['/?unknown=1', 400],
    ['/explain?cluster=nobody&sync=RootSync/a', 404],
    ['/explain?cluster=cluster-1&sync=RootSync/nobody', 404],
    ['/explain', 400],
  ])('makes a page of a failure: %s is %i', async (path, status) => {
    const answer = await createApiWorld().get(path);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain('To the overview');
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
    const readNote = () => Promise.resolve(undefined);
    const broken = {
      ...store,
      readNote,
      listClusters: () => Promise.reject(new Error('secret path')),
    };
    const internal = await createApiWorld({}, { store: broken }).get('/');
    expect(internal.status).toBe(500);
    expect(await internal.text()).not.toContain('secret');
  });
});

describe('too many requests', () => {
  it('are answered with a page in a browser, and with a document elsewhere', async () => {
    const world = createApiWorld();
    let answer = await world.get('/help', 'text/html');
    for (let asked = 0; asked < 260 && answer.status === 200; asked += 1) {
      answer = await world.get('/help', 'text/html');
    }
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect(await answer.text()).toContain('To the overview');
    const document = await world.get('/help', '*/*');
    expect(document.headers.get('content-type')).toBe('application/problem+json');
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

describe('an action', () => {
  it('shows a dry run first, and resyncs on a second button', async () => {
    const world = createApiWorld();
    world.verdicts.set(B, VERIFIED);
    await world.sweep();
    const dry = await post(world, { cluster: 'cluster-1', image: '', step: 'preview' });
    expect(dry.status).toBe(200);
    const text = await dry.text();
    expect(text).toContain('1 cluster would be looked at');
    expect(text).toContain('Nothing has been done yet');
    expect(world.tasks).toEqual([]);
    const [, key = ''] = /name="key" value="([^"]+)"/.exec(text) ?? [];
    const confirm = { cluster: 'cluster-1', step: 'confirm', key };
    const done = await post(world, confirm);
    expect(done.status).toBe(303);
    const to = done.headers.get('location') ?? '';
    expect(to).toBe('/fleet?cluster=cluster-1&done=resync');
    expect(world.tasks).toHaveLength(1);
    await post(world, confirm);
    expect(world.tasks).toHaveLength(1);
    expect(await (await world.get(to)).text()).toContain('Done: resync.');
  });

  it('does nothing on GET, whatever its query', async () => {
    const world = createApiWorld();
    await world.sweep();
    const before = world.events.length;
    const answer = await world.get('/act?do=resync&cluster=cluster-1&reason=INC-7');
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain('value="cluster-1"');
    expect(text).toContain('Dry run');
    expect(world.tasks).toEqual([]);
    expect(world.events).toHaveLength(before);
  });

  it('is not done without the key of a dry run', async () => {
    const world = createApiWorld();
    const answer = await post(world, { step: 'confirm' });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('begin with the dry run');
    expect(world.tasks).toEqual([]);
  });

  it('shows what was written again where it is wrong', async () => {
    const world = createApiWorld();
    const answer = await post(world, { cluster: 'nobody', reason: 'INC-7', step: 'preview' });
    expect(answer.status).toBe(400);
    const text = await answer.text();
    expect(text).toContain('Not done: No cluster of the fleet has this name');
    expect(text).toContain('value="INC-7"');
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['without one', { origin: '' }],
    ['a sandboxed page', { origin: 'null' }],
    ['a cross-site request', { 'sec-fetch-site': 'cross-site' }],
  ])('refuses what comes from %s', async (_, headers) => {
    const world = createApiWorld();
    const sent: Record<string, string> = { ...headers };
    const answer = await world.request('/act', {
      method: 'POST',
      headers: Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== '')),
      body: new URLSearchParams({ do: 'resync', step: 'confirm', key: 'k' }),
    });
    expect(answer.status).toBe(403);
    expect(world.tasks).toEqual([]);
  });

  it('takes no other kind of body', async () => {
    const world = createApiWorld();
    const answer = await world.request('/act', {
      method: 'POST',
      headers: { origin: SELF, 'content-type': 'text/plain' },
      body: 'do=resync&step=confirm&key=k',
    });
    expect(answer.status).toBe(415);
    expect(world.tasks).toEqual([]);
  });

  it.each(['resync', 'freeze', 'unfreeze', 'hold', 'unhold', 'pause', 'rollback', 'promote'])(
    'is neither offered to who may only look, nor done: %s',
    async (name) => {
      const world = createApiWorld({}, { checkPerson: asPerson('dev@acme.example') });
      expect(await (await world.get('/')).text()).not.toContain(`do=${name}`);
      expect(await (await world.get(`/act?do=${name}`)).text()).not.toContain(
        '<form class="fields"',
      );
      const answer = await post(world, { do: name, step: 'confirm', key: 'k', reason: 'INC-7' });
      expect(answer.status).toBe(403);
      expect(world.tasks).toEqual([]);
    },
  );
});
