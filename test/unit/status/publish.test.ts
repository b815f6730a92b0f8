import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openStatus } from '#functions/wiring/topics.ts';
import { readEnv } from '#shared/http/env.ts';
import type { TopicMessage } from '#shared/status/encode.ts';
import { createTopics, publishMany, type Topics } from '#shared/status/pubsub-topic.ts';
import { noTelemetry } from '#shared/telemetry/telemetry.ts';
import { type Broker, startBroker } from '#test/fakes/broker.ts';
import { recordLog } from '#test/fakes/log.ts';
import { ANSWERED_MS, patiently } from '#test/patience.ts';
import { localText, parse } from '#test/unit/config/fixture.ts';
import { syncEvent } from '#test/fixtures/status-events.ts';

const TOPIC = 'projects/p/topics/t';

function message(text: string, orderingKey?: string): TopicMessage {
  const data = Buffer.from(text);
  return orderingKey === undefined
    ? { data, attributes: { a: 'b' } }
    : { data, attributes: {}, orderingKey };
}

describe('createTopics()', () => {
  let broker: Broker;
  let topics: Topics;
  beforeEach(async () => {
    broker = await startBroker();
    topics = createTopics({ emulatorHost: broker.host, deadlineMs: ANSWERED_MS });
  });
  afterEach(async () => {
    await topics?.close();
    broker?.close();
  });

  it('resolves when the broker has the message', async () => {
    await topics.publisher(TOPIC).publish(message('hello', 'c1'));
    expect(broker.requests).toMatchObject([
      { topic: TOPIC, messages: [{ data: Buffer.from('hello'), orderingKey: 'c1' }] },
    ]);
  });

  it('throws publish-failed when the broker refuses, and goes on with the same ordering key', async () => {
    const publisher = topics.publisher(TOPIC);
    broker.faults.push(status.PERMISSION_DENIED);
    await expect(publisher.publish(message('1', 'c1'))).rejects.toMatchObject({
      code: 'publish-failed',
      retry: true,
      message: expect.stringContaining(TOPIC),
    });
    await publisher.publish(message('2', 'c1'));
    expect(broker.requests).toHaveLength(1);
  });

  it('retries by itself what may pass', async () => {
    broker.faults.push(status.UNAVAILABLE);
    await topics.publisher(TOPIC).publish(message('1'));
    expect(broker.requests).toHaveLength(1);
  });

  it('makes another client where one has found no credentials', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'credentials.json');
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file);
    vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
    vi.stubEnv('GOOGLE_CLOUD_PROJECT', 'p');
    onTestFinished(() => void vi.unstubAllEnvs());
    const google = createTopics();
    await expect(google.connect()).rejects.toThrow(file);
    await expect(google.publisher(TOPIC).publish(message('1'))).rejects.toMatchObject({
      code: 'publish-failed',
    });
    const person = { client_id: 'a', client_secret: 'b', refresh_token: 'c' };
    writeFileSync(file, JSON.stringify({ type: 'authorized_user', ...person }));
    await expect(google.connect()).resolves.toBeUndefined();
    await google.close();
  });

  it('gives up at its deadline, not at the ten minutes of the client, and goes on', async () => {
    // The client's own deadline has to come first, and that goes by the clock.
    const hasty = createTopics({ emulatorHost: broker.host, deadlineMs: patiently(1_000) });
    onTestFinished(() => hasty.close());
    const publisher = hasty.publisher(TOPIC);
    // Connected by then: the deadline has to find the call at the broker.
    await publisher.publish(message('0', 'c1'));
    broker.faults.push('hang');
    await expect(publisher.publish(message('1', 'c1'))).rejects.toMatchObject({
      code: 'publish-failed',
    });
    await publisher.publish(message('2', 'c1'));
    expect(broker.requests).toHaveLength(2);
  });

  it('publishes a fan-out in full, each message under its own key', async () => {
    function* tasks(): Generator<TopicMessage> {
      for (let index = 0; index < 250; index += 1) yield message('task', `c${index}`);
    }
    expect(await topics.publisher(TOPIC).publishMany(tasks())).toBe(250);
    const keys = broker.requests.flatMap(({ messages }) =>
      messages.map((sent) => sent.orderingKey),
    );
    expect(new Set(keys).size).toBe(250);
  });

  it('publishes what comes together in one call, and what is ordered in a call for each key', async () => {
    const publisher = topics.publisher(TOPIC);
    const events = Array.from({ length: 60 }, (_, index) => message(`event ${index}`));
    await Promise.all(events.map((event) => publisher.publish(event)));
    expect(broker.requests.map(({ messages }) => messages.length)).toEqual([60]);
    await Promise.all(['c1', 'c2'].map((key) => publisher.publish(message('task', key))));
    expect(broker.requests.map(({ messages }) => messages.length)).toEqual([60, 1, 1]);
  });

  it('keeps the order of messages of one key', async () => {
    const publisher = topics.publisher(TOPIC);
    await Promise.all(['1', '2', '3'].map((text) => publisher.publish(message(text, 'c1'))));
    const sent = broker.requests.flatMap(({ messages }) =>
      messages.map(({ data }) => data.toString()),
    );
    expect(sent).toEqual(['1', '2', '3']);
  });

  it('serves topics of several projects', async () => {
    await topics.publisher(TOPIC).publish(message('1'));
    await topics.publisher('projects/q/topics/t').publish(message('2'));
    expect(broker.requests.map(({ topic }) => topic)).toEqual([TOPIC, 'projects/q/topics/t']);
  });

  it.each(['t', 'projects/p/topics/', 'projects/p/subscriptions/s', `x/${TOPIC}`, `${TOPIC}/x`])(
    'refuses %s as the name of a topic',
    (name) => {
      expect(() => createTopics().publisher(name)).toThrow(
        expect.objectContaining({ code: 'bad-config' }),
      );
    },
  );
});

describe('publishMany()', () => {
  it('takes no more messages than are under way', async () => {
    let taken = 0;
    let done = 0;
    let most = 0;
    function* source(): Generator<TopicMessage> {
      while (taken < 50) {
        taken += 1;
        yield message('x');
      }
    }
    const publish = async (): Promise<void> => {
      most = Math.max(most, taken - done);
      await new Promise((resolve) => setImmediate(resolve));
      done += 1;
    };
    expect(await publishMany(source(), { publish, width: 4 })).toBe(50);
    expect(most).toBe(4);
  });

  it('stops at the first failure, after those under way, and closes its source', async () => {
    let closed = false;
    let finished = 0;
    function* source(): Generator<TopicMessage> {
      try {
        for (;;) yield message('x');
      } finally {
        closed = true;
      }
    }
    let calls = 0;
    const publish = async (): Promise<void> => {
      calls += 1;
      const failing = calls === 3;
      await new Promise((resolve) => setImmediate(resolve));
      if (failing) throw new Error('broker gone');
      finished += 1;
    };
    await expect(publishMany(source(), { publish, width: 4 })).rejects.toMatchObject({
      code: 'internal',
    });
    expect(closed).toBe(true);
    expect(calls).toBeLessThanOrEqual(7);
    expect(finished).toBe(calls - 1);
  });

  it('publishes nothing of nothing', async () => {
    const publish = (): Promise<void> => Promise.reject(new Error('not called'));
    expect(await publishMany([], { publish, width: 4 })).toBe(0);
  });
});

describe('openStatus()', () => {
  it('publishes the encoded event, and fails as its topic fails', async () => {
    const sent: TopicMessage[] = [];
    let fault: Error | undefined;
    const topic = {
      publish: async (encoded: TopicMessage): Promise<void> => {
        await Promise.resolve();
        if (fault !== undefined) throw fault;
        sent.push(encoded);
      },
      publishMany: () => Promise.resolve(0),
    };
    const publish = openStatus(
      {
        env: readEnv({}),
        config: await parse(localText),
        log: recordLog().log,
        telemetry: noTelemetry,
        now: () => new Date(0),
      },
      { publisher: () => topic, connect: () => Promise.resolve(), close: () => Promise.resolve() },
    );
    await publish(syncEvent('sync.synced'));
    expect(sent[0]?.attributes).toMatchObject({
      'ce-source': '//countersign.dev/kubeconfig',
      'ce-time': '1970-01-01T00:00:00.000Z',
    });
    fault = new Error('gone');
    await expect(publish(syncEvent('sync.synced'))).rejects.toBe(fault);
  });
});
