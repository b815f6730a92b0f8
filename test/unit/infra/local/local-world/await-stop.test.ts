import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { awaitStop } from '#infra/local/local-world/await-stop.ts';

function setUp() {
  const signals = new EventEmitter();
  const state = { now: 1_000, forced: 0 };
  const stopped = awaitStop(signals, {
    force: () => {
      state.forced += 1;
    },
    now: () => state.now,
  });
  return { state, stopped, send: (signal: string) => signals.emit(signal, signal) };
}

describe('awaitStop()', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('resolves with %s', async (signal) => {
    const { stopped, send, state } = setUp();
    send(signal);
    expect(await stopped).toBe(signal);
    expect(state.forced).toBe(0);
  });

  it('takes the Ctrl-C that npm passes on for the same one', () => {
    const { send, state } = setUp();
    send('SIGINT');
    state.now += 400;
    send('SIGINT');
    expect(state.forced).toBe(0);
  });

  it('forces at a second Ctrl-C', () => {
    const { send, state } = setUp();
    send('SIGINT');
    state.now += 600;
    send('SIGINT');
    expect(state.forced).toBe(1);
  });
});
