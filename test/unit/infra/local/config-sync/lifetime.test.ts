import { describe, expect, it } from 'vitest';
import { createLifetime } from '#infra/local/config-sync/lifetime.ts';
import { manualClock, settle } from '../pubsub/manual-clock.ts';

function start() {
  const clock = manualClock();
  const errors: unknown[] = [];
  return { clock, errors, lifetime: createLifetime({ clock, onError: (e) => errors.push(e) }) };
}

describe('createLifetime()', () => {
  it('reports what a task throws, and nothing once it has ended', async () => {
    const { lifetime, errors } = start();
    lifetime.launch(() => Promise.reject(new Error('first')));
    await settle();
    expect(errors).toEqual([new Error('first')]);
    lifetime.launch(async () => {
      await settle();
      throw new Error('second');
    });
    await lifetime.end();
    expect(errors).toHaveLength(1);
  });

  it('cancels its timers and those of its children, and takes no new ones', async () => {
    const { lifetime, clock } = start();
    let runs = 0;
    const run = async (): Promise<void> => void (runs += 1);
    const cancel = lifetime.after(5, run);
    lifetime.after(10, run);
    lifetime.child().after(10, run);
    cancel();
    expect(clock.pending()).toBe(2);
    await lifetime.end();
    lifetime.after(10, run);
    lifetime.launch(run);
    await clock.advance(20);
    expect([clock.pending(), runs, lifetime.ended()]).toEqual([0, 0, true]);
  });

  it('waits at its end for what runs, in children too', async () => {
    const { lifetime } = start();
    let done = 0;
    const slow = async (): Promise<void> => {
      await settle();
      done += 1;
    };
    lifetime.launch(slow);
    lifetime.child().launch(slow);
    await lifetime.end();
    expect(done).toBe(2);
  });

  it('aborts a call at its limit, and at its end', async () => {
    const { lifetime, clock } = start();
    const signals: AbortSignal[] = [];
    const call = (signal: AbortSignal): Promise<void> => {
      signals.push(signal);
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    };
    const limited = lifetime.limit(1_000, call);
    await clock.advance(999);
    expect(signals[0]?.aborted).toBe(false);
    await clock.advance(1);
    await limited;
    expect(signals[0]?.reason).toEqual(new Error('no answer within 1 s'));
    const other = lifetime.limit(1_000, call);
    await lifetime.end();
    await other;
    expect([signals[1]?.aborted, clock.pending()]).toEqual([true, 0]);
  });
});
