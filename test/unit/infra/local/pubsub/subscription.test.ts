import { describe, expect, it } from 'vitest';
import { createBroker, type Broker } from '#infra/local/pubsub/broker.ts';
import { PUSH_CONCURRENCY, type PushRequest } from '#infra/local/pubsub/push.ts';
import {
  openSubscription,
  type MintToken,
  type Subscription,
} from '#infra/local/pubsub/subscription.ts';
import { PubsubError } from '#infra/local/pubsub/pubsub-error.ts';
import { parseRequest, requests, type SubscriptionSettings } from '#infra/local/pubsub/schema.ts';
import { manualClock, settle } from './manual-clock.ts';

const NAME = 'projects/local/subscriptions/sub';
const STOPPED = new PubsubError('UNAVAILABLE', 'Stopped');

function settings(changes: object = {}): SubscriptionSettings {
  const wire = { name: NAME, topic: 'projects/local/topics/topic', ...changes };
  return parseRequest(requests.subscription, wire);
}

const PUSH = { pushConfig: { pushEndpoint: 'http://127.0.0.1:1/push' } };

interface Sent {
  request: PushRequest;
  signal: AbortSignal;
  answer: (status: number) => void;
}

/** A push subscription whose endpoint is the test. */
function openPush(changes: object = {}, mintToken?: MintToken) {
  const clock = manualClock();
  const sent: Sent[] = [];
  const forwarded: string[] = [];
  const subscription = openSubscription(settings({ ...PUSH, ...changes }), {
    clock,
    mintToken,
    forward(topic) {
      forwarded.push(topic);
      return true;
    },
    client: {
      close: () => {},
      send: (request, signal) =>
        new Promise((answer, reject) => {
          sent.push({ request, signal, answer });
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        }),
    },
  });
  return { clock, sent, forwarded, subscription };
}

function offer(subscription: Subscription, id: string, orderingKey = ''): void {
  const message = { data: Buffer.from(id), attributes: {}, orderingKey };
  subscription.offer({ ...message, messageId: id, publishTime: 0 });
}

describe('openSubscription()', () => {
  it('ends a push that outlasts the ack deadline, and pushes again', async () => {
    const { clock, sent, subscription } = openPush({ ackDeadlineSeconds: 20 });
    offer(subscription, 'slow');
    await settle();
    await clock.advance(19_999);
    expect(sent[0]?.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(sent[0]?.signal.aborted).toBe(true);
    await clock.advance(100);
    expect(sent).toHaveLength(2);
    sent[0]?.answer(200);
    sent[1]?.answer(200);
    await clock.advance(60_000);
    expect(sent).toHaveLength(2);
    await subscription.close(STOPPED);
  });

  it.each([
    [102, 1],
    [200, 1],
    [202, 1],
    [204, 1],
    [203, 2],
    [302, 2],
    [500, 2],
  ])('after an answer of %d there are %d pushes', async (status, pushes) => {
    const { clock, sent, subscription } = openPush();
    offer(subscription, 'one');
    await settle();
    sent[0]?.answer(status);
    await settle();
    await clock.advance(100);
    expect(sent).toHaveLength(pushes);
    await subscription.close(STOPPED);
  });

  it('follows its retry policy from attempt to attempt', async () => {
    const retryPolicy = { minimumBackoff: '1s', maximumBackoff: '3s' };
    const { clock, sent, subscription } = openPush({ retryPolicy });
    offer(subscription, 'one');
    await settle();
    for (const delay of [1_000, 2_000, 3_000, 3_000]) {
      const count = sent.length;
      sent.at(-1)?.answer(500);
      await clock.advance(delay - 1);
      expect(sent).toHaveLength(count);
      await clock.advance(1);
      expect(sent).toHaveLength(count + 1);
    }
    await subscription.close(STOPPED);
  });

  it('has a bounded number of pushes under way', async () => {
    const { sent, subscription } = openPush();
    for (let index = 0; index <= PUSH_CONCURRENCY; index += 1) offer(subscription, `${index}`);
    await settle();
    expect(sent).toHaveLength(PUSH_CONCURRENCY);
    sent[0]?.answer(200);
    await settle();
    expect(sent).toHaveLength(PUSH_CONCURRENCY + 1);
    await subscription.close(STOPPED);
  });

  it('frees an ordering key whose message has been dead-lettered', async () => {
    const deadLetterTopic = 'projects/local/topics/dead';
    const { clock, sent, forwarded, subscription } = openPush({
      enableMessageOrdering: true,
      deadLetterPolicy: { deadLetterTopic },
    });
    offer(subscription, 'dead', 'k');
    offer(subscription, 'next', 'k');
    await settle();
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      expect(sent).toHaveLength(attempt);
      sent.at(-1)?.answer(500);
      await clock.advance(5_000);
    }
    expect(forwarded).toEqual([deadLetterTopic]);
    const last = JSON.parse(Buffer.from(sent.at(-1)?.request.body ?? '').toString());
    expect(last).toMatchObject({ deliveryAttempt: 1, message: { messageId: 'next' } });
    await subscription.close(STOPPED);
  });

  it.each([
    ['', 'http://127.0.0.1:1/push'],
    ['https://countersign.example', 'https://countersign.example'],
  ])('asks for a token with the audience "%s" as %s', async (audience, expected) => {
    const asked: object[] = [];
    const serviceAccountEmail = 'push@p.iam.gserviceaccount.com';
    const pushConfig = { ...PUSH.pushConfig, oidcToken: { serviceAccountEmail, audience } };
    const { sent, subscription } = openPush({ pushConfig }, (request) => {
      asked.push(request);
      return 'jwt';
    });
    offer(subscription, 'one');
    await settle();
    expect(asked).toEqual([{ serviceAccountEmail, audience: expected }]);
    expect(sent[0]?.request.headers['authorization']).toBe('Bearer jwt');
    await subscription.close(STOPPED);
  });

  it('does not push without the token it cannot get', async () => {
    const pushConfig = { ...PUSH.pushConfig, oidcToken: { serviceAccountEmail: 'a@b.example' } };
    const { sent, subscription } = openPush({ pushConfig }, () =>
      Promise.reject(new Error('no token')),
    );
    offer(subscription, 'one');
    await settle();
    expect(sent).toEqual([]);
    await subscription.close(STOPPED);
  });

  it('gives a push under way to the puller, once it turns into a pull subscription', async () => {
    const { clock, sent, subscription } = openPush();
    offer(subscription, 'one');
    await settle();
    await subscription.change(settings());
    expect(sent[0]?.signal.aborted).toBe(true);
    const { signal } = new AbortController();
    const [lease] = await subscription.pull({ max: 1, immediately: true, signal });
    expect(lease).toMatchObject({ attempt: 2, message: { messageId: 'one' } });
    await subscription.close(STOPPED);
    expect(clock.pending()).toBe(0);
  });

  it('leaves pushes under way alone when something else changes', async () => {
    const { sent, subscription } = openPush();
    offer(subscription, 'one');
    await settle();
    await subscription.change({ ...subscription.settings(), ackDeadlineSeconds: 60 });
    expect(sent[0]?.signal.aborted).toBe(false);
    await subscription.close(STOPPED);
  });

  it('aborts its pushes and leaves no timer when it is closed', async () => {
    const { clock, sent, subscription } = openPush();
    offer(subscription, 'out');
    offer(subscription, 'nacked');
    await settle();
    sent[1]?.answer(500);
    await settle();
    await subscription.close(STOPPED);
    expect(sent[0]?.signal.aborted).toBe(true);
    expect(clock.pending()).toBe(0);
  });
});

function engineWithSubscription(clock = manualClock()): Broker {
  const broker = createBroker({ clock });
  broker.createTopic({ name: 'projects/local/topics/topic', labels: {} });
  broker.createSubscription(settings());
  return broker;
}

describe('pull()', () => {
  const { signal } = new AbortController();

  it('waits for a first message, and gives up in the end', async () => {
    const clock = manualClock();
    const broker = engineWithSubscription(clock);
    const answer = broker.subscription(NAME).pull({ max: 1, immediately: false, signal });
    await clock.advance(20_000);
    expect(await answer).toEqual([]);
    expect(clock.pending()).toBe(0);
  });

  it('leaves messages alone once its caller has gone', async () => {
    const broker = engineWithSubscription();
    const gone = new AbortController();
    const answer = broker
      .subscription(NAME)
      .pull({ max: 1, immediately: false, signal: gone.signal });
    gone.abort();
    expect(await answer).toEqual([]);
    const draft = { data: Buffer.from('x'), attributes: {}, orderingKey: '' };
    broker.publish('projects/local/topics/topic', [draft]);
    expect(
      await broker.subscription(NAME).pull({ max: 1, immediately: true, signal }),
    ).toHaveLength(1);
  });

  it('ends with NOT_FOUND when the subscription is deleted', async () => {
    const broker = engineWithSubscription();
    const answer = broker.subscription(NAME).pull({ max: 1, immediately: false, signal });
    const [refused] = await Promise.allSettled([answer, broker.deleteSubscription(NAME)]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { status: 'NOT_FOUND' } });
  });
});

describe('stream()', () => {
  it.each([0, -1])('delivers to a client that holds %i messages: it sets no limit', async (max) => {
    const broker = engineWithSubscription();
    const delivered: string[] = [];
    const stop = broker.subscription(NAME).stream({
      deadlineMs: () => 10_000,
      maxOutstanding: max,
      deliver: (leases) => delivered.push(...leases.map(({ message }) => message.data.toString())),
      onEnd: () => undefined,
    });
    offer(broker.subscription(NAME), 'one');
    offer(broker.subscription(NAME), 'two');
    await settle();
    expect(delivered).toEqual(['one', 'two']);
    stop();
    await broker.close();
  });

  it('delivers in several answers what is too large for one', async () => {
    const broker = engineWithSubscription();
    for (const id of ['a', 'b', 'c', 'd', 'e'])
      offer(broker.subscription(NAME), id.repeat(4_000_000));
    const delivered: string[][] = [];
    const stop = broker.subscription(NAME).stream({
      deadlineMs: () => 10_000,
      maxOutstanding: 0,
      deliver: (leases) =>
        delivered.push(
          leases.map(({ message }) => Buffer.from(message.data.subarray(0, 1)).toString()),
        ),
      onEnd: () => undefined,
    });
    await settle();
    expect(delivered).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    stop();
    await broker.close();
  });
});
