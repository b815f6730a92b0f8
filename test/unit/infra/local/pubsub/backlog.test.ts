import { describe, expect, it } from 'vitest';
import {
  createBacklog,
  type Backlog,
  type BacklogDeps,
  type Lease,
} from '#infra/local/pubsub/backlog.ts';
import type { Message } from '#infra/local/pubsub/schema.ts';
import { manualClock, settle } from './manual-clock.ts';
import type { ManualClock } from './manual-clock.ts';

const DEADLINE = 10_000;

interface Bench {
  clock: ManualClock;
  backlog: Backlog;
  add: (...names: string[]) => void;
  take: (max?: number) => Lease[];
}

/** Messages are named "key:name", or without a key. */
function bench(deps: Partial<BacklogDeps> = {}): Bench {
  const clock = manualClock();
  const backlog = createBacklog({
    clock,
    name: 'projects/local/subscriptions/sub',
    ordered: true,
    onFailure: () => ({ retryInMs: 1_000 }),
    ...deps,
  });
  return {
    clock,
    backlog,
    add(...names) {
      for (const name of names) backlog.add(message(name));
    },
    take: (max = 10) => backlog.take({ max, deadlineMs: DEADLINE }),
  };
}

function message(name: string): Message {
  const orderingKey = name.includes(':') ? (name.split(':')[0] ?? '') : '';
  return {
    data: Buffer.from(name),
    attributes: {},
    orderingKey,
    messageId: name,
    publishTime: 0,
  };
}

function namesOf(leases: readonly Lease[]): string[] {
  return leases.map((lease) => lease.message.messageId);
}

function idOf([lease]: readonly Lease[]): string {
  return lease?.ackId ?? '';
}

describe('createBacklog()', () => {
  it('leases each message once, in order, up to the maximum', () => {
    const { add, take } = bench();
    add('one', 'two', 'three');
    expect(namesOf(take(2))).toEqual(['one', 'two']);
    expect(namesOf(take(2))).toEqual(['three']);
    expect(take()).toEqual([]);
  });

  it.each([
    [
      [4, 4, 4],
      [['4-0', '4-1'], ['4-2']],
    ],
    [
      [10, 1],
      [['10-0'], ['1-1']],
    ],
  ])('leases messages of %j MB in as many answers as they need', (sizes, answers) => {
    const { backlog, take } = bench();
    for (const [at, size] of sizes.entries()) {
      backlog.add({ ...message(`${size}-${at}`), data: Buffer.alloc(size * 1_000_000) });
    }
    expect(answers.map(() => namesOf(take()))).toEqual(answers);
    expect(take()).toEqual([]);
  });

  it('never leases an acknowledged message again', async () => {
    const { add, take, backlog, clock } = bench();
    add('one');
    expect(backlog.ack(idOf(take()))).toBe(true);
    await clock.advance(DEADLINE * 10);
    expect(take()).toEqual([]);
    expect(clock.pending()).toBe(0);
  });

  it('leases a nacked message again after its delay, as the next attempt', async () => {
    const { add, take, backlog, clock } = bench();
    add('one');
    const first = take();
    backlog.nack(idOf(first));
    expect(take()).toEqual([]);
    await clock.advance(999);
    expect(take()).toEqual([]);
    await clock.advance(1);
    const second = take();
    expect([first[0]?.attempt, second[0]?.attempt]).toEqual([1, 2]);
    expect(idOf(second)).not.toBe(idOf(first));
  });

  it('leases a message again once its deadline has passed', async () => {
    const { add, take, backlog, clock } = bench();
    add('one');
    const first = take();
    await clock.advance(DEADLINE - 1);
    expect(backlog.extend(idOf(first), DEADLINE)).toBe(true);
    await clock.advance(DEADLINE - 1);
    expect(take()).toEqual([]);
    await clock.advance(1 + 1_000);
    expect(namesOf(take())).toEqual(['one']);
    expect(backlog.ack(idOf(first))).toBe(false);
  });

  it('reports how each lease ended, once', async () => {
    const { add, backlog, clock } = bench();
    add('acked', 'nacked', 'expired');
    const ends: string[] = [];
    const [acked, nacked] = backlog.take({
      max: 3,
      deadlineMs: DEADLINE,
      onSettled: (lease, outcome) => ends.push(`${lease.message.messageId} ${outcome}`),
    });
    backlog.ack(acked?.ackId ?? '');
    backlog.ack(acked?.ackId ?? '');
    backlog.nack(nacked?.ackId ?? '');
    await clock.advance(DEADLINE);
    expect(ends).toEqual(['acked acked', 'nacked nacked', 'expired expired']);
  });

  it('has one message of a key out at a time', () => {
    const { add, take, backlog } = bench();
    add('a:1', 'a:2', 'b:1', 'a:3', 'free', 'b:2');
    const out = take();
    expect(namesOf(out)).toEqual(['a:1', 'b:1', 'free']);
    backlog.ack(idOf(out));
    expect(namesOf(take())).toEqual(['a:2']);
  });

  it('holds the key of a nacked message, and no other', async () => {
    const { add, take, backlog, clock } = bench();
    add('a:1', 'a:2', 'b:1', 'b:2');
    const [a, b] = take();
    backlog.nack(a?.ackId ?? '');
    backlog.ack(b?.ackId ?? '');
    expect(namesOf(take())).toEqual(['b:2']);
    await clock.advance(1_000);
    const again = take();
    expect(namesOf(again)).toEqual(['a:1']);
    backlog.ack(idOf(again));
    expect(namesOf(take())).toEqual(['a:2']);
  });

  it('lets the next of a key go when a message is gone for good', () => {
    const { add, take, backlog } = bench({ onFailure: () => 'gone' });
    add('a:1', 'a:2');
    backlog.nack(idOf(take()));
    expect(namesOf(take())).toEqual(['a:2']);
  });

  it('ignores keys where no order is asked for', () => {
    const { add, take } = bench({ ordered: false });
    add('a:1', 'a:2');
    expect(namesOf(take())).toEqual(['a:1', 'a:2']);
  });

  it('calls its listeners in turn, once for all that is published together', async () => {
    const { add, take, backlog } = bench();
    const heard: string[] = [];
    backlog.onReady(() => heard.push(`first ${take().length}`));
    const off = backlog.onReady(() => heard.push(`second ${take().length}`));
    for (const names of [['1', '2'], ['3'], ['4', '5']]) {
      add(...names);
      await settle();
    }
    expect(heard).toEqual(['first 2', 'second 1', 'first 2']);
    off();
    add('6');
    await settle();
    expect(heard.at(-1)).toBe('first 1');
  });

  it('leaves no timer and no message once closed', async () => {
    const { add, take, backlog, clock } = bench();
    add('out', 'nacked', 'ready');
    const ends: string[] = [];
    const onSettled = (_: Lease, outcome: string): number => ends.push(outcome);
    backlog.take({ max: 1, deadlineMs: DEADLINE, onSettled });
    backlog.nack(idOf(take(1)));
    backlog.close();
    add('late');
    await clock.advance(DEADLINE * 10);
    expect(ends).toEqual(['closed']);
    expect(clock.pending()).toBe(0);
    expect(take()).toEqual([]);
  });
});
