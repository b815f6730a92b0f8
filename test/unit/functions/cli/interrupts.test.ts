import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { noteSent } from '#functions/cli/api/note-sent.ts';
import { createInterrupts } from '#functions/cli/interrupts.ts';
import * as z from 'zod';

function start(live = false) {
  const process = new EventEmitter();
  const codes: number[] = [];
  let err = '';
  const interrupts = createInterrupts({
    process,
    err: (text) => (err += text),
    live,
    exit: (code) => void codes.push(code),
  });
  return { process, codes, interrupts, err: () => err };
}

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('%s ends the command at once with %i', (signal, code) => {
    const { process, codes, err } = start();
    process.emit(signal, signal);
    expect(codes).toEqual([code]);
    expect(err()).toBe('Interrupted: nothing was changed\n');
  });

  it('leaves the line that progress is on', () => {
    const { process, interrupts, err } = start(true);
    interrupts.leaves('the wait is over');
    process.emit('SIGINT', 'SIGINT');
    expect(err()).toBe('\nInterrupted: the wait is over\n');
  });

  it('is for the verb once that stops by itself', () => {
    const { process, codes, interrupts } = start();
    interrupts.release();
    process.emit('SIGINT', 'SIGINT');
    expect(codes).toEqual([]);
  });
});

describe('what a request leaves undone', () => {
  it.each([
    ['/v1/resync', {}, true],
    ['/v1/resync', { dryRun: true }, false],
    ['/v1/resync', { dryRun: undefined }, true],
    ['/v1/verify', { image: 'x' }, false],
  ])('of %s %j is said once it was sent: %s', async (path, body, said) => {
    const texts: string[] = [];
    const never = () => Promise.reject(new Error('Not to be called'));
    const api = { get: never, text: never, post: never, put: never, delete: never };
    const noted = noteSent(api, { leaves: (text) => void texts.push(text) });
    await expect(noted.post(path, body, z.unknown())).rejects.toThrow('Not to be called');
    expect(texts.length > 0).toBe(said);
  });
});
