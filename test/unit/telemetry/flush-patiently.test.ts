import { describe, expect, it } from 'vitest';
import { createFlush } from '#shared/telemetry/open-telemetry.ts';

interface Sending {
  readonly flush: () => Promise<void>;
  readonly asked: () => number;
  readonly told: unknown[];
  pass(milliseconds: number): void;
}

function open(send: () => Promise<void>): Sending {
  let time = 0;
  let asked = 0;
  const told: unknown[] = [];
  const flush = createFlush({
    flush() {
      asked += 1;
      return send();
    },
    now: () => time,
    onFailure: (error) => told.push(error),
    limitMs: 20,
    quietMs: 1_000,
  });
  return { flush, asked: () => asked, told, pass: (milliseconds) => void (time += milliseconds) };
}

describe('createFlush()', () => {
  it('sends each time while that works', async () => {
    const sending = open(() => Promise.resolve());
    await sending.flush();
    await sending.flush();
    expect([sending.asked(), sending.told]).toEqual([2, []]);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('refused'))],
    ['never ends', () => new Promise<void>(() => undefined)],
  ])(
    'resolves when sending %s, reports it once, and keeps no request waiting for a while',
    async (_, send) => {
      const sending = open(send);
      await Promise.all([sending.flush(), sending.flush()]);
      await sending.flush();
      expect([sending.asked(), sending.told.length]).toEqual([2, 1]);
      sending.pass(1_000);
      await sending.flush();
      expect([sending.asked(), sending.told.length]).toEqual([3, 2]);
    },
  );
});
