import { describe, expect, it } from 'vitest';
import type { Digest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, type ApiWorld, B, ROOT, createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';
import {
  IMAGE,
  buildRSync,
  helmSource,
  liveChart,
  liveStatus,
  sourceError,
} from '#test/fixtures/rsync.ts';

describe('countersign resync', () => {
  it('asks, with every option', async () => {
    const world = createApiWorld();
    world.verdicts.set(B, VERIFIED);
    const args = ['--image', IMAGE, '--digest', B, '--cluster', 'cluster-1', '--reason', 'because'];
    const { code, out } = await run(world, ['resync', ...args]);
    expect({ code, out }).toEqual({ code: 0, out: 'Resync id-1: 1 cluster tasked\n' });
    expect(world.tasks).toMatchObject([{ cluster: 'cluster-1', image: IMAGE, digest: B }]);
    expect(world.events[0]?.data).toMatchObject({ reason: 'because' });
  });

  it('is one request under one key', async () => {
    const world = createApiWorld();
    const first = await run(world, ['resync', '--all', '--key', 'k', '--json']);
    expect(await run(world, ['resync', '--all', '--key', 'k', '--json'])).toEqual(first);
    expect(world.tasks).toHaveLength(3);
  });

  it('says what would change, and 2 where it could not look', async () => {
    const world = createApiWorld();
    const whole = await run(world, ['resync', '--dry-run']);
    expect(whole.code).toBe(0);
    expect(whole.out).toContain(`approve  cluster-1  ${ROOT}  Verified by release-key`);
    world.clusters.cluster('cluster-2').down = 'cluster-unreachable';
    expect((await run(world, ['resync', '--dry-run'])).code).toBe(2);
    expect(world.tasks).toEqual([]);
  });

  it('exits with 1 for a digest that does not verify', async () => {
    const world = createApiWorld();
    world.verdicts.set(B, UNTRUSTED);
    const { code, err } = await run(world, ['resync', '--image', IMAGE, '--digest', B]);
    expect(code).toBe(1);
    expect(err).toContain('(not-verified)');
  });
});

describe('countersign wait', () => {
  const WAIT = ['wait', `${IMAGE}@${B}`];

  function moveTag(world: ApiWorld): void {
    world.tags.set(IMAGE, B);
    world.verdicts.set(B, VERIFIED);
  }

  function setLive(world: ApiWorld, cluster: string, digest: Digest): void {
    const { rsyncs } = world.clusters.cluster(cluster);
    const rsync = rsyncs.get(ROOT) ?? liveRSync();
    rsyncs.set(ROOT, { ...rsync, status: liveStatus(digest) });
  }

  it('ends with 0 once the digest is live in every cluster', async () => {
    const world = createApiWorld();
    await world.sweep();
    moveTag(world);
    const { code, out, err } = await run(world, WAIT, {
      async meanwhile(round) {
        if (round > 1) setLive(world, `cluster-${Math.min(3, round - 1)}`, B);
        await world.sweep();
      },
    });
    expect({ code, out }).toEqual({ code: 0, out: 'Live everywhere\n' });
    expect(err.split('\n')).toEqual([
      '0 of 3 live, 3 on another digest',
      '0 of 3 live, 3 Approved',
      '1 of 3 live, 2 Approved',
      '2 of 3 live, 1 Approved',
      '3 of 3 live',
      '',
    ]);
  });

  it('ends with 1 when a cluster fails on the digest, and says which and why', async () => {
    const world = createApiWorld();
    await world.sweep();
    moveTag(world);
    const { code, out } = await run(world, WAIT, {
      async meanwhile() {
        const { rsyncs } = world.clusters.cluster('cluster-2');
        const rsync = rsyncs.get(ROOT) ?? liveRSync();
        rsyncs.set(ROOT, {
          ...rsync,
          status: sourceError(liveStatus(A), B, '2009', '2027-01-01T00:00:00Z'),
        });
        await world.sweep();
      },
    });
    expect(code).toBe(1);
    expect(out).toBe(
      `Failed  cluster-2 ${ROOT}: 2009: KNV2009: denied; live is ${A}\nNot live: 1 of 3 failed\n`,
    );
  });

  it('does not take what was before it was signed for a failure', async () => {
    const names = ['cluster-1', 'cluster-2', 'cluster-3'];
    const clusters = Object.fromEntries(names.map((name) => [name, [buildRSync()]]));
    const world = createApiWorld({ clusters });
    moveTag(world);
    world.verdicts.set(B, UNTRUSTED);
    await world.sweep();
    const { code } = await run(world, WAIT, {
      async meanwhile(round) {
        world.verdicts.set(B, VERIFIED);
        for (const name of names) setLive(world, name, B);
        if (round > 1) await world.sweep();
      },
    });
    expect(code).toBe(0);
  });

  it('ends with 3 when the time is up, and names who is late', async () => {
    const world = createApiWorld();
    await world.sweep();
    moveTag(world);
    const { code, out } = await run(world, [...WAIT, '--timeout', '30s']);
    expect(code).toBe(3);
    expect(out).toContain(`Waiting  cluster-1 ${ROOT}: live is ${A}`);
    expect(out).toContain('Not live in time: 3 of 3 wait\n');
  });

  it('ends with 1 where no RSync follows the image', async () => {
    const world = createApiWorld();
    await world.sweep();
    const name = IMAGE.replace('platform', 'platfrom');
    expect(await run(world, ['wait', `${name}@${B}`])).toEqual({
      code: 1,
      out: `Not live: No RSync follows ${name}: did you mean ${IMAGE}?\n`,
      err: 'No RSync follows this image yet\n',
    });
  });

  it('waits for an RSync that was created a moment ago', async () => {
    const world = createApiWorld({ clusters: { 'cluster-1': [] } });
    await world.sweep();
    const { code } = await run(world, ['wait', IMAGE], {
      async meanwhile(round) {
        if (round !== 3) return;
        world.clusters.cluster('cluster-1').rsyncs.set(ROOT, liveRSync());
        await world.sweep();
      },
    });
    expect(code).toBe(0);
  });

  const INDEX: Digest = `sha256:${'9'.repeat(64)}`;
  const CHART = 'us-docker.pkg.dev/acme/charts/shop';
  it.each([
    ['a tag', IMAGE],
    ['the digest that is pulled', `${IMAGE}@${A}`],
    ['that digest without its tag', `${IMAGE.slice(0, -3)}@${A}`],
    ['the index', `${IMAGE}@${INDEX}`],
    ['a chart by its version', `${CHART}:1.2.3`],
    ['a chart by its manifest', `${CHART}@${B}`],
  ])('takes %s for a name', async (_, name) => {
    const chart = buildRSync({
      uid: 'chart',
      ref: { kind: 'RepoSync', namespace: 'team-a', name: 'repo-sync' },
      source: helmSource('1.2.3'),
      status: liveChart('1.2.3'),
    });
    const world = createApiWorld({ clusters: { 'cluster-1': [liveRSync(), chart] } });
    world.tags.set(IMAGE, INDEX).set(`${CHART}:1.2.3`, B);
    world.children.set(INDEX, A);
    world.verdicts.set(B, VERIFIED);
    await world.sweep();
    await world.sweep();
    const { code, out } = await run(world, ['wait', name, '--json']);
    expect({ code, live: JSON.parse(out).live.length }).toEqual({ code: 0, live: 1 });
    const shown = await run(world, ['status', '--image', name, '--json']);
    expect(JSON.parse(shown.out).syncs).toHaveLength(1);
  });

  it('waits for what is not in the registry yet', async () => {
    const world = createApiWorld();
    world.tags.clear();
    await world.sweep();
    const late = await run(world, ['wait', IMAGE, '--timeout', '30s']);
    const why = `Cannot be synced: ${IMAGE} is not in the registry\n`;
    expect(late).toEqual({ code: 3, out: `Not live in time: ${why}`, err: why });
    const { code } = await run(world, ['wait', IMAGE], {
      async meanwhile(round) {
        if (round !== 2) return;
        world.tags.set(IMAGE, A);
        await world.sweep();
      },
    });
    expect(code).toBe(0);
  });

  it('ends with 1 for an image that is refused, by whatever name', async () => {
    const world = createApiWorld({ clusters: { 'cluster-1': [buildRSync()] } });
    world.tags.set(IMAGE, INDEX);
    world.children.set(INDEX, B);
    world.verdicts.set(B, UNTRUSTED);
    const { code } = await run(world, ['wait', `${IMAGE}@${INDEX}`], {
      meanwhile: () => world.sweep(),
    });
    expect(code).toBe(1);
  });

  it('waits for a service that does not answer for a while', async () => {
    const world = createApiWorld();
    await world.sweep();
    const { store } = world.deps;
    const listClusters = store.listClusters.bind(store);
    let failures = 3;
    store.listClusters = async (page) => {
      failures -= 1;
      if (failures >= 0) throw new CountersignError('store-unavailable', 'Store is down');
      return listClusters(page);
    };
    const { code, err } = await run(world, ['wait', `${IMAGE}@${A}`]);
    expect(code).toBe(0);
    expect(err).toContain('The service does not answer: Store is down');
  });

  it('ends with 2 where the service never answered', async () => {
    const fails = () => Promise.reject(new CountersignError('store-unavailable', 'Down'));
    const store = {
      readCluster: fails,
      listClusters: fails,
      followers: fails,
      readNote: fails,
      troubledTags: () => Promise.resolve([]),
    };
    const args = ['wait', `${IMAGE}@${A}`, '--timeout', '10s'];
    const { code, out } = await run(createApiWorld({}, { store }), args);
    expect({ code, out }).toEqual({ code: 2, out: 'Not known: the service never answered\n' });
  });

  it('overwrites its line in a terminal', async () => {
    const world = createApiWorld();
    await world.sweep();
    const { err } = await run(world, ['wait', `${IMAGE}@${A}`], { live: true });
    expect(err).toBe('\r\u001b[2K3 of 3 live\n');
  });

  it('gives its result as JSON', async () => {
    const world = createApiWorld();
    await world.sweep();
    const { out } = await run(world, ['wait', `${IMAGE}@${A}`, '--json']);
    expect(JSON.parse(out)).toMatchObject({ code: 0, failed: [], waiting: [] });
  });
});

describe('countersign explain and verify', () => {
  it.each<[string, string[], number, string]>([
    ['what is well', ['explain', 'cluster-1', ROOT], 0, 'is live and approved: nothing to do'],
    ['a verified image', ['verify', IMAGE], 0, 'Verified by release-key under policy "release"'],
  ])('explains %s', async (_, args, code, text) => {
    const world = createApiWorld();
    await world.sweep();
    const told = await run(world, args);
    expect(told.code).toBe(code);
    expect(told.out).toContain(text);
    const json = await run(world, [...args, '--json']);
    expect(JSON.parse(json.out)).toBeTypeOf('object');
  });

  it('exits with 1 for what is not well, and with 2 for what is not known', async () => {
    const world = createApiWorld();
    world.verdicts.set(A, UNTRUSTED);
    expect((await run(world, ['verify', IMAGE])).code).toBe(1);
    expect((await run(world, ['explain', 'cluster-1', ROOT])).code).toBe(1);
    world.clusters.cluster('cluster-1').down = 'cluster-unreachable';
    expect((await run(world, ['explain', 'cluster-1', ROOT])).code).toBe(2);
    world.broken.set(IMAGE, new CountersignError('registry-unavailable', 'Down'));
    expect((await run(world, ['verify', IMAGE])).code).toBe(2);
    world.broken.set(IMAGE, new CountersignError('deadline-exceeded', 'Late'));
    expect((await run(world, ['verify', IMAGE])).code).toBe(3);
  });
});

describe('countersign', () => {
  it.each([
    [['nothing']],
    [[]],
    [['wait']],
    [['wait', 'https://no.image/here']],
    [['wait', 'elsewhere.example/no/entry:v1']],
    [['wait', `${IMAGE}@sha256:abc`]],
    [['wait', `${IMAGE}@${A}`, '--timeout', 'soon']],
    [['explain', 'cluster-1']],
    [['explain', 'nobody', ROOT]],
    [['status', '--phase', 'nothing']],
    [['status', '--url', 'no url']],
    [['status', '--url', 'http://countersign.example']],
  ])('exits with 2 for %j', async (args) => {
    const { code, out, err } = await run(createApiWorld(), args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toBe('');
  });

  it('prints its help, and exits with 0', async () => {
    const { code, out } = await run(createApiWorld(), ['--help']);
    expect(code).toBe(0);
    expect(out).toContain('wait [options] <image>');
  });

  it('sends its token where it belongs, and follows no redirect with it', async () => {
    const requests: Request[] = [];
    const url = 'https://countersign.example';
    await run(createApiWorld(), ['status', '--json', '--url', url, '--token', 'secret'], {
      requests,
    });
    expect(requests[0]?.url).toBe(`${url}/v1/overview`);
    expect(requests[0]?.headers.get('authorization')).toBe('Bearer secret');
    expect(requests[0]?.redirect).toBe('error');
  });

  it('lists verbs by what they ask', async () => {
    const { out } = await run(createApiWorld(), ['--help']);
    const groups = [...out.matchAll(/^(\S.*):\n((?: {2}.*\n)+)/gm)];
    const of = (heading: string) =>
      groups.find(([, found]) => found === heading)?.[2]?.match(/^ {2}[a-z]+/gm) ?? [];
    expect(of('By the API')).toContain('  status');
    expect(of('On this machine, by the config file')).toEqual(
      expect.arrayContaining(['  config', '  preflight']),
    );
    expect(of('Of the command itself')).toContain('  context');
  });

  it('says what its exit codes are', async () => {
    const { out } = await run(createApiWorld(), ['--help']);
    expect(out).toMatch(/0 {2}done.*2 {2}could not be checked.*1 {2}not.*3 {2}timed out/s);
  });

  it('leaves no byte that rules the terminal', async () => {
    const escape = '\u001b[2J\u202e';
    const status = sourceError(liveStatus(A), A, '2004', '2027-01-01T00:00:00Z');
    const errors = [{ code: '2004', message: escape }];
    const source = { ...status.source, errors };
    const rsync = liveRSync({ status: { ...status, source } });
    const world = createApiWorld({ clusters: { 'cluster-1': [rsync] } });
    await world.sweep();
    const told = await Promise.all([
      run(world, ['status']),
      run(world, ['explain', 'cluster-1', ROOT]),
      run(world, ['explain', 'cluster-1', `RootSync/${escape}`]),
    ]);
    for (const { out, err } of told) {
      expect(out + err).not.toContain('\u001b');
      expect(out + err).not.toContain('\u202e');
    }
  });
});
