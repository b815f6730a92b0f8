import { describe, expect, it } from 'vitest';
import { handleTask, parseTask } from '#functions/cluster/handle-task.ts';
import { createSerial } from '#shared/net/serial.ts';
import { messageOf } from '#test/fixtures/push-world.ts';
import { SYNC, rsyncOf, verifiedWorld } from '#test/fixtures/reconcile-run.ts';

describe('parseTask()', () => {
  it('reads every field, and leaves unknown ones to later versions', () => {
    const task = { cluster: 'c', reason: 'resync', image: 'i', actor: 'a', id: 'x' };
    expect(parseTask(Buffer.from(JSON.stringify({ ...task, more: 1 })))).toEqual(task);
  });

  it.each([
    ['', 'not JSON'],
    ['null', 'Task'],
    ['{"reason":"push"}', 'cluster'],
    ['{"cluster":"","reason":"push"}', 'cluster'],
    ['{"cluster":"c","reason":"because"}', 'reason'],
    [`{"cluster":"${'c'.repeat(513)}","reason":"push"}`, 'cluster'],
    ['{"cluster":"c","reason":"push","image":1}', 'image'],
  ])('refuses %s naming the field', (text, named) => {
    expect(() => parseTask(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'bad-request', message: expect.stringContaining(named) }),
    );
  });
});

describe('handleTask()', () => {
  it('lists once for fifty duplicates at once', async () => {
    const world = verifiedWorld();
    const message = messageOf(world, { cluster: 'cluster-1', reason: 'push' });
    world.pass(1);
    await Promise.all(Array.from({ length: 50 }, () => handleTask(message, world.deps)));
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list', 'patch']);
    expect(rsyncOf(world, 'cluster-1', SYNC).annotations.approved.text).toBeDefined();
    expect(world.types()).toEqual(['sync.approved']);
  });
});

describe('createSerial()', () => {
  it('runs one after another for a key, whatever fails, and others at once', async () => {
    const serial = createSerial();
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = serial('a', async () => {
      order.push('a1');
      await gate.promise;
      order.push('a1 fails');
      throw new Error('a1');
    });
    const second = serial('a', async () => {
      order.push('a2');
    });
    await serial('b', async () => {
      order.push('b1');
    });
    gate.resolve();
    await expect(first).rejects.toThrow('a1');
    await second;
    expect(order).toEqual(['a1', 'b1', 'a1 fails', 'a2']);
  });
});
