import { describe, expect, it, vi } from 'vitest';
import { createBatches } from '#shared/status/batches.ts';
import { PATIENCE } from '#test/patience.ts';

const sized = (length: number): { data: Uint8Array } => ({ data: new Uint8Array(length) });

/** Calls that end when the test lets them. */
function holdCalls(): {
  readonly send: (messages: readonly unknown[]) => Promise<void>;
  readonly calls: { readonly length: number; end(error?: Error): void }[];
} {
  const calls: { readonly length: number; end(error?: Error): void }[] = [];
  return {
    calls,
    send: ({ length }) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error): void => (error === undefined ? resolve() : reject(error));
        calls.push({ length, end });
      }),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('createBatches()', () => {
  it('sends what comes in one turn together, at once', async () => {
    const { send, calls } = holdCalls();
    const add = createBatches(send);
    const added = [add(sized(1)), add(sized(1)), add(sized(1))];
    await turn();
    expect(calls.map(({ length }) => length)).toEqual([3]);
    calls[0]?.end();
    await Promise.all(added);
  });

  it('sends what comes while a call is under way with the next one', async () => {
    const { send, calls } = holdCalls();
    const add = createBatches(send);
    const first = add(sized(1));
    await turn();
    const later = [add(sized(1)), add(sized(1))];
    calls[0]?.end();
    await first;
    await turn();
    expect(calls.map(({ length }) => length)).toEqual([1, 2]);
    calls[1]?.end();
    await Promise.all(later);
  });

  it('does not wait for a call that hangs', async () => {
    const { send, calls } = holdCalls();
    const add = createBatches(send);
    const hanging = add(sized(1));
    await turn();
    const next = add(sized(1));
    await vi.waitFor(() => expect(calls).toHaveLength(2), PATIENCE);
    calls[1]?.end();
    await next;
    calls[0]?.end();
    await hanging;
  });

  it.each([
    ['messages', Array.from({ length: 250 }, () => 1), [100, 100, 50]],
    ['bytes', [3e6, 3e6, 3e6, 9e6, 1], [1, 1, 1, 1, 1]],
  ])('bounds the %s of one call', async (_, lengths, expected) => {
    const sent: number[] = [];
    const add = createBatches(({ length }) => {
      sent.push(length);
      return Promise.resolve();
    });
    await Promise.all(lengths.map((length) => add(sized(length))));
    expect(sent).toEqual(expected);
  });

  it('rejects all of a call that failed, and goes on', async () => {
    const { send, calls } = holdCalls();
    const add = createBatches(send);
    const failing = Promise.allSettled([add(sized(1)), add(sized(1))]);
    await turn();
    calls[0]?.end(new Error('gone'));
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = add(sized(1));
    await turn();
    calls[1]?.end();
    await next;
  });
});
