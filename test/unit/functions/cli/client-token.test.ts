import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { B, createApiWorld } from '#test/fixtures/api-world.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';

describe('a token command', () => {
  /** A service that takes one token at a time. */
  const guarded = (accepted: () => string) =>
    createApiWorld(
      {},
      {
        async checkPerson(headers) {
          if (headers.get('authorization') === `Bearer ${accepted()}`) {
            return { name: 'ops@acme.example', mayInvoke: true, mayOverride: false };
          }
          throw new CountersignError('unauthenticated', 'The token has expired');
        },
      },
    );

  it('is asked once for all that is sent', async () => {
    const world = guarded(() => 'one');
    await world.sweep();
    const commands: string[] = [];
    const command = async (text: string) => {
      commands.push(text);
      return 'one\n';
    };
    const args = ['wait', `${IMAGE}@${B}`, '--timeout', '10s', '--token-command', 'print it'];
    expect((await run(world, args, { command })).code).toBe(3);
    expect(commands).toEqual(['print it']);
  });

  it('is asked again when the token has expired in the middle of a wait', async () => {
    let round = 0;
    const world = guarded(() => (round < 3 ? 'one' : 'two'));
    await world.sweep();
    const command = async () => (round < 3 ? 'one' : 'two');
    const meanwhile = (at: number) => {
      round = at;
    };
    const args = ['wait', `${IMAGE}@${B}`, '--timeout', '20s', '--token-command', 'x'];
    expect((await run(world, args, { command, meanwhile })).code).toBe(3);
    expect(round).toBeGreaterThan(3);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('exit 1'))],
    ['prints nothing', async () => '\n'],
    ['prints a message', async () => 'Please sign in\n'],
    ['prints what the service refuses', async () => 'other'],
  ])('that %s ends it with 2', async (_, command) => {
    const requests: Request[] = [];
    const { code, err } = await run(
      guarded(() => 'one'),
      ['status', '--token-command', 'x'],
      { command, requests },
    );
    expect(code).toBe(2);
    expect(err).toContain('(unauthenticated)');
    expect(requests.length).toBeLessThanOrEqual(1);
  });

  it('is not asked where there is a token', async () => {
    const world = guarded(() => 'one');
    await world.sweep();
    expect((await run(world, ['status', '--token', 'one', '--token-command', 'x'])).code).toBe(0);
  });
});
