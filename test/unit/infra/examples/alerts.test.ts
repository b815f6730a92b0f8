import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { MAX_INCIDENTS, createAlertDesk } from '#infra/examples/alerts/alert-desk.ts';
import { type Alert, postAlert } from '#infra/examples/alerts/alert.ts';
import type { AlertEvent } from '#infra/examples/alerts/event.ts';
import { nextStepOf } from '#infra/examples/alerts/next-step.ts';
import { readAlertSettings } from '#infra/examples/alerts/settings.ts';
import { STATUS_DATA } from '#shared/status/status-data.ts';
import { ROOT } from '#test/docs/markdown.ts';
import { PATIENCE } from '#test/patience.ts';

const RUNBOOK = 'https://wiki.example/runbook';
const SLACK = 'https://hooks.slack.com/services/T/B/secret';
const ALERT: Alert = {
  version: 1,
  id: 'id-1',
  status: 'firing',
  severity: 'ERROR',
  title: '30 clusters unreachable',
  since: '2026-11-22T05:00:00Z',
  count: 30,
  members: [
    { name: '<!channel>', type: 'cluster.unreachable', since: '', message: 'a & b <https://x|y>' },
  ],
  next: { command: "countersign status --cluster 'a & b'", link: `${RUNBOOK}#cluster-unreachable` },
};

function told(id: string, image: string): AlertEvent {
  const at = Date.UTC(2026, 10, 22);
  const common = { since: '2026-11-22T05:00:00Z', message: 'AlertEvent', errors: [] };
  return { id, type: 'image.untrusted', severity: 'ERROR', at, image, ...common };
}

describe('readAlertSettings()', () => {
  it('has defaults for all but the receiver', () => {
    expect(readAlertSettings({ ALERTS_SLACK_WEBHOOK: SLACK, ALERTS_WEBHOOK: '' })).toEqual({
      sink: { kind: 'slack', url: SLACK },
      severity: 'ERROR',
      groupMs: 10_000,
      runbook: 'docs/runbook.md',
      access: { mode: 'none' },
    });
  });

  it('reads every variable', () => {
    const env = {
      ALERTS_WEBHOOK: 'https://pager.example/in',
      ALERTS_WEBHOOK_TOKEN: 't',
      ALERTS_SEVERITY: 'WARNING',
      ALERTS_GROUP_SECONDS: '0',
      ALERTS_RUNBOOK: 'https://wiki.example/runbook',
      ALERTS_AUDIENCE: 'https://alerts.example',
      ALERTS_CALLER: 'push@p.iam.gserviceaccount.com',
      K_SERVICE: 'alerts',
    };
    expect(readAlertSettings(env)).toEqual({
      sink: { kind: 'webhook', url: 'https://pager.example/in', token: 't' },
      severity: 'WARNING',
      groupMs: 0,
      runbook: 'https://wiki.example/runbook',
      access: {
        mode: 'iam',
        audience: 'https://alerts.example',
        emails: ['push@p.iam.gserviceaccount.com'],
      },
    });
  });

  it.each([
    ['no receiver', {}],
    ['two receivers', { ALERTS_SLACK_WEBHOOK: SLACK, ALERTS_WEBHOOK: SLACK }],
    ['a receiver in the clear', { ALERTS_WEBHOOK: 'http://pager.example/in' }],
    ['a receiver that only begins local', { ALERTS_WEBHOOK: 'http://127.0.0.1.example/' }],
    ['a user in the URL', { ALERTS_WEBHOOK: 'https://hooks.slack.com@evil.example/' }],
    ['an unknown severity', { ALERTS_WEBHOOK: SLACK, ALERTS_SEVERITY: 'LOUD' }],
    ['too long a wait', { ALERTS_WEBHOOK: SLACK, ALERTS_GROUP_SECONDS: '121' }],
    ['a runbook in the clear', { ALERTS_WEBHOOK: SLACK, ALERTS_RUNBOOK: 'http://wiki.example/' }],
    ['Cloud Run without callers', { ALERTS_WEBHOOK: SLACK, K_SERVICE: 'alerts' }],
  ])('refuses %s', (_case, env) => {
    expect(() => readAlertSettings(env)).toThrow(expect.objectContaining({ code: 'bad-config' }));
  });
});

describe('postAlert()', () => {
  async function post(
    sink: Parameters<typeof postAlert>[1]['sink'],
    answer: () => Response = () => new Response('ok'),
  ): Promise<Request | undefined> {
    let sent: Request | undefined;
    await postAlert(ALERT, {
      sink,
      fetch: (input, init) => {
        sent = new Request(input, init);
        return Promise.resolve(answer());
      },
    });
    return sent;
  }

  it('sends the alert itself to a webhook, with its token', async () => {
    const sent = await post({ kind: 'webhook', url: 'https://pager.example/in', token: 't' });
    expect(sent?.headers.get('authorization')).toBe('Bearer t');
    expect(sent?.redirect).toBe('error');
    expect(await sent?.json()).toEqual(ALERT);
  });

  it('sends Slack a text that mentions no member and hides no link', async () => {
    const sent = await post({ kind: 'slack', url: SLACK });
    expect(await sent?.json()).toEqual({
      text: [
        ':red_circle: *30 clusters unreachable*',
        'Since 2026-11-22T05:00:00Z',
        '• &lt;!channel&gt;: a &amp; b &lt;https://x|y&gt;',
        '…and 29 more',
        "Next: `countersign status --cluster 'a &amp; b'`",
        'https://wiki.example/runbook#cluster-unreachable',
      ].join('\n'),
    });
  });

  it.each([
    ['500', () => new Response('no', { status: 500 }), undefined],
    ['404', () => new Response('no', { status: 404 }), undefined],
    ['429', () => new Response('', { status: 429, headers: { 'retry-after': '30' } }), 30_000],
  ] as const)('fails for %s, and never tells the URL', async (_case, answer, retryAfterMs) => {
    const failure = await post({ kind: 'slack', url: SLACK }, answer).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'publish-failed', retry: true, retryAfterMs });
    expect(String(failure)).not.toContain('secret');
  });

  it('never shows the URL of a receiver that cannot be reached', async () => {
    const fetch = (): Promise<never> => Promise.reject(new Error(`cannot reach ${SLACK}`));
    const sink = { kind: 'slack', url: SLACK } as const;
    const failure: unknown = await postAlert(ALERT, { fetch, sink }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'publish-failed' });
    expect(failure).not.toHaveProperty('cause');
    expect(String(failure)).not.toContain('secret');
  });
});

describe('nextStepOf()', () => {
  const sections = new Set(
    [...readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8').matchAll(/^## (.+)$/gm)].map(
      ([, title = '']) => title.toLowerCase().replaceAll(' ', '-'),
    ),
  );
  const event = told('id-1', 'us-docker.pkg.dev/acme/configs/platform:v1');
  const { image: _image, ...fleet } = event;
  const at = { cluster: "it's", sync: 'RootSync/root-sync' };

  it.each([
    [
      'an RSync',
      { ...event, ...at, type: 'sync.failed' },
      "countersign explain 'it'\\''s' RootSync/root-sync",
      'sync-failed',
    ],
    [
      'a cluster',
      { ...fleet, cluster: 'c1', type: 'cluster.unreachable' },
      'countersign status --cluster c1',
      'cluster-unreachable',
    ],
    ['an image', event, `countersign verify ${event.image}`, 'image-untrusted'],
    [
      'a roll-out',
      { ...event, type: 'rollout.halted' },
      `countersign status --image ${event.image}`,
      'rollout-halted',
    ],
    ['a freeze', { ...fleet, type: 'freeze.started' }, 'countersign freezes', 'freeze-holds'],
    [
      'anything else',
      { ...fleet, type: 'sync.withdrawn' },
      'countersign status',
      'before-anything-else',
    ],
  ])('of %s is a command, and a section of the runbook', (_case, from, command, section) => {
    expect(nextStepOf(from)).toEqual({ command, section });
    expect(sections).toContain(section);
  });

  it.each(
    Object.keys(STATUS_DATA).filter(
      (type) => nextStepOf({ ...event, type }).section !== 'before-anything-else',
    ),
  )('of %s is a section that is there', (type) => {
    expect(sections).toContain(nextStepOf({ ...event, type }).section);
  });
});

describe('createAlertDesk()', () => {
  it('forgets the oldest for one more, and says so', async () => {
    const forgotten: string[] = [];
    const desk = createAlertDesk({
      post: () => Promise.resolve(),
      onForgotten: ({ id }) => forgotten.push(id),
      severity: 'ERROR',
      groupMs: 0,
      runbook: RUNBOOK,
      sleep: () => Promise.resolve(),
    });
    for (let index = 0; index <= MAX_INCIDENTS; index += 1) {
      await desk.handle(told(`id-${index}`, `i${index}`));
    }
    expect(forgotten).toEqual(['id-0']);
  });

  it('sends what it keeps back when the process is to end, and keeps nothing back from then on', async () => {
    const alerts: Alert[] = [];
    const desk = createAlertDesk({
      onForgotten: () => undefined,
      post: (alert) => Promise.resolve(void alerts.push(alert)),
      severity: 'ERROR',
      groupMs: 3_600_000,
      runbook: RUNBOOK,
      sleep: (_milliseconds, signal) =>
        new Promise((resolve) => {
          if (signal.aborted) resolve();
          signal.addEventListener('abort', () => resolve());
        }),
    });
    const held = desk.handle(told('id-1', 'i1'));
    desk.hurry();
    await held;
    await desk.handle(told('id-2', 'i2'));
    expect(alerts.map(({ id }) => id)).toEqual(['id-1', 'id-2']);
  });

  it('sends one message of an alert after the other', async () => {
    const posts: PromiseWithResolvers<void>[] = [];
    const sizes: number[] = [];
    const desk = createAlertDesk({
      onForgotten: () => undefined,
      post: ({ count }) => {
        sizes.push(count);
        const post = Promise.withResolvers<void>();
        posts.push(post);
        return post.promise;
      },
      severity: 'ERROR',
      groupMs: 0,
      runbook: RUNBOOK,
      sleep: () => Promise.resolve(),
    });
    const at = { ...told('id-1', 'i'), type: 'cluster.unreachable' };
    const first = desk.handle({ ...at, cluster: 'c1' });
    await vi.waitFor(() => expect(sizes).toEqual([1]), PATIENCE);
    const second = desk.handle({ ...at, id: 'id-2', cluster: 'c2' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(sizes).toEqual([1]);
    posts[0]?.resolve();
    await first;
    await vi.waitFor(() => expect(sizes).toEqual([1, 2]), PATIENCE);
    posts[1]?.resolve();
    await second;
  });
});
