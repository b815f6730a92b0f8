import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { encodeEvent, eventIdOf } from '#shared/status/encode.ts';
import type { ClusterEvent, StatusEvent, SyncEvent } from '#shared/status/events.ts';
import { createAlertsWorld } from '#test/fixtures/alerts-world.ts';
import { imageEvent, sweepEvent } from '#test/fixtures/status-events.ts';

const T0 = '2026-11-22T05:00:00.000Z';
const COMMON = { since: T0, errors: [], message: 'Told' };
const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;

function cluster(type: ClusterEvent['type'], name: string, episode = T0): ClusterEvent {
  const phase = type === 'cluster.unreachable' ? 'Unreachable' : 'Reachable';
  return { type, replaced: { phase, since: episode }, data: { cluster: name, phase, ...COMMON } };
}

function sync(type: SyncEvent['type'], name: string, digest = A): SyncEvent {
  const data = { cluster: name, sync: 'RootSync/root-sync', phase: 'Failed', digest } as const;
  const errors = [{ code: '2010', message: 'The API server refused <Namespace>' }];
  const replaced = { phase: 'Approved', since: T0 } as const;
  return { type, uid: `uid-${name}`, replaced, data: { ...data, ...COMMON, errors } };
}

const CLUSTERS = Array.from({ length: 50 }, (_, index) => `cluster-${index + 1}`);
const all = (make: (name: string) => StatusEvent): StatusEvent[] => CLUSTERS.map(make);
const down = all((name) => cluster('cluster.unreachable', name));
const up = all((name) => cluster('cluster.recovered', name));

describe('an outage of 50 clusters', () => {
  it('makes one alert and one recovery', async () => {
    const { tell, accepted } = createAlertsWorld();
    expect(new Set(await tell(...down))).toEqual(new Set([200]));
    expect(accepted).toMatchObject([
      { status: 'firing', severity: 'ERROR', count: 50, title: '50 clusters unreachable' },
    ]);
    expect(new Set(await tell(...up))).toEqual(new Set([200]));
    expect(accepted.slice(1)).toMatchObject([{ status: 'over', severity: 'INFO', count: 50 }]);
    expect(accepted.map(({ next }) => next?.link)).toEqual([
      'https://wiki.example/runbook#cluster-unreachable',
      undefined,
    ]);
    expect(accepted[1]?.id).toBe(accepted[0]?.id);
  });

  it('makes one alert for what all of them fail over, and another for another digest', async () => {
    const { tell, accepted } = createAlertsWorld();
    await tell(...all((name) => sync('sync.failed', name)), sync('sync.blocked', 'other', B));
    expect(accepted.map(({ count, digest }) => [count, digest])).toEqual([
      [50, A],
      [1, B],
    ]);
    await tell(...all((name) => sync('sync.recovered', name)), sync('sync.recovered', 'other'));
    expect(accepted.slice(2).map(({ status, count }) => [status, count])).toEqual([
      ['over', 50],
      ['over', 1],
    ]);
  });

  it('makes few messages when it spreads slowly, and still one recovery', async () => {
    const { tell, accepted } = createAlertsWorld();
    for (const event of down) expect(await tell(event)).toEqual([200]);
    expect(accepted.map(({ status, count }) => [status, count])).toEqual([
      ['firing', 1],
      ['growing', 2],
      ['growing', 4],
      ['growing', 8],
      ['growing', 16],
      ['growing', 32],
    ]);
    for (const event of up) expect(await tell(event)).toEqual([200]);
    expect(accepted.slice(6).map(({ status, count }) => [status, count])).toEqual([['over', 50]]);
  });

  it('names some of them, and counts the rest', async () => {
    const { tell, accepted } = createAlertsWorld();
    await tell(...down);
    expect(accepted[0]?.members).toHaveLength(20);
  });
});

describe('a receiver that refuses', () => {
  it('has every event come again, and is reported once it accepts', async () => {
    const { tell, tellAt, accepted, answers } = createAlertsWorld();
    answers.push(500);
    const at = Date.UTC(2026, 10, 22, 5);
    expect(new Set(await tellAt(at, ...down))).toEqual(new Set([503]));
    expect(accepted).toEqual([]);
    expect(new Set(await tellAt(at, ...down))).toEqual(new Set([200]));
    expect(accepted).toMatchObject([{ status: 'firing', count: 50 }]);
    answers.push(429, 500);
    // Only the last recovery leads to a message.
    expect((await tell(...up)).indexOf(503)).toBe(49);
    expect((await tell(...up)).indexOf(503)).toBe(49);
    expect(await tell(...up)).not.toContain(503);
    expect(accepted.map(({ status }) => status)).toEqual(['firing', 'over']);
  });

  it('has events come again however old they are, and however often they came', async () => {
    const { post, answers } = createAlertsWorld();
    answers.push(500);
    const source = '//countersign.dev/kubeconfig';
    const event = encodeEvent(cluster('cluster.unreachable', 'c1'), { source, now: new Date(0) });
    const data = Buffer.from(event.data).toString('base64');
    const publishTime = '2026-11-15T06:00:00Z';
    const message = { messageId: '1', publishTime, attributes: event.attributes, data };
    expect((await post({ message, subscription: 's', deliveryAttempt: 99 })).status).toBe(503);
  });

  it('delays no alert of another group', async () => {
    const { tell, accepted, answers } = createAlertsWorld();
    answers.push(500);
    const statuses = await tell(cluster('cluster.unreachable', 'c1'), sync('sync.failed', 'c2'));
    expect(statuses).toEqual([503, 200]);
    expect(accepted).toHaveLength(1);
  });
});

describe('deliveries', () => {
  it('may come twice', async () => {
    const { tellAt, accepted } = createAlertsWorld();
    await tellAt(1, ...down, ...down);
    await tellAt(1, ...down);
    await tellAt(2, ...up);
    await tellAt(1, ...down);
    await tellAt(2, ...up);
    expect(accepted.map(({ status, count }) => [status, count])).toEqual([
      ['firing', 50],
      ['over', 50],
    ]);
  });

  it('may come in the wrong order', async () => {
    const { tellAt, accepted } = createAlertsWorld();
    await tellAt(2, cluster('cluster.recovered', 'c1'));
    await tellAt(1, cluster('cluster.unreachable', 'c1'));
    expect(accepted.map(({ status }) => status)).toEqual(['over']);
    await tellAt(3, cluster('cluster.unreachable', 'c1', '2026-11-22T05:30:00.000Z'));
    expect(accepted.map(({ status }) => status)).toEqual(['over', 'firing']);
  });

  it('report nothing of what was over before it was reported', async () => {
    const { tell, tellAt, accepted } = createAlertsWorld();
    const failed = tellAt(1, cluster('cluster.unreachable', 'c1'));
    const recovered = tellAt(2, cluster('cluster.recovered', 'c1'));
    expect(await Promise.all([failed, recovered])).toEqual([[200], [200]]);
    expect(accepted).toEqual([]);
    const later = cluster('cluster.unreachable', 'c1', '2026-11-22T05:30:00.000Z');
    await tell(later);
    expect(accepted.map(({ id }) => id)).toEqual([eventIdOf(later)]);
  });

  it('end the alert of a digest when its RSync fails over another', async () => {
    const { tell, accepted } = createAlertsWorld();
    await tell(sync('sync.failed', 'c1', A));
    await tell(sync('sync.failed', 'c1', B));
    const told = accepted.map(({ status, digest }) => `${status} ${digest}`).toSorted();
    expect(told).toEqual([`firing ${A}`, `firing ${B}`, `over ${A}`]);
  });

  it('of recoveries are sent although the failure is not remembered', async () => {
    const { tell, accepted } = createAlertsWorld();
    await tell(...up);
    expect(accepted).toMatchObject([
      { status: 'over', count: 50, title: '50 clusters reachable again' },
    ]);
  });
});

describe('what is worth reporting', () => {
  it.each([
    ['INFO', ['sweep.completed', 'sync.withdrawn', 'sync.failed']],
    ['WARNING', ['sync.withdrawn', 'sync.failed']],
    ['ERROR', ['sync.failed']],
  ] as const)('is what is %s or worse', async (severity, expected) => {
    const { tell, accepted } = createAlertsWorld({ severity });
    await tell(sweepEvent());
    await tell(sync('sync.withdrawn', 'c1'));
    await tell(sync('sync.failed', 'c1'));
    expect(accepted.map(({ members }) => members[0]?.type)).toEqual(expected);
  });

  it('ends with the image verified, and is no recovery where nothing had failed', async () => {
    const { tell, accepted } = createAlertsWorld();
    await tell(imageEvent('image.verified'));
    expect(accepted).toEqual([]);
    await tell(imageEvent('image.untrusted'));
    await tell({ ...imageEvent('image.verified'), cause: 'message-8' });
    expect(accepted.map(({ status }) => status)).toEqual(['firing', 'over']);
  });

  it('is reported once and never as over where it is no failure', async () => {
    const { tell, accepted } = createAlertsWorld({ severity: 'WARNING' });
    await tell({ ...sync('sync.withdrawn', 'c1'), severity: 'WARNING' });
    await tell({ ...sync('sync.withdrawn', 'c2'), severity: 'WARNING' });
    expect(accepted.map(({ status }) => status)).toEqual(['notice', 'notice']);
  });
});

describe('the endpoint', () => {
  it.each([
    ['no status event', { message: { messageId: '1', attributes: {}, data: '' } }],
    ['no envelope', { weather: 'fine' }],
  ])('acknowledges %s', async (_case, body) => {
    const { post, accepted } = createAlertsWorld();
    expect((await post(body)).status).toBe(200);
    expect(accepted).toEqual([]);
  });

  it('refuses whom it does not know', async () => {
    const checkCaller = (): Promise<never> =>
      Promise.reject(new CountersignError('forbidden', 'Not you'));
    const { tell, accepted } = createAlertsWorld({ checkCaller });
    expect(await tell(...down.slice(0, 1))).toEqual([403]);
    expect(accepted).toEqual([]);
  });
});
