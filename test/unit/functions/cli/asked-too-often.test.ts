import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openApi } from '#functions/cli/api/call-api.ts';
import { COSTLY_CALL, SPEND_PER_MINUTE } from '#functions/api/limits.ts';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { runCountersign } from '#test/fixtures/run-countersign.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

const RESYNC = ['resync', '--all', '--reason', 'because'];

/** An API that answers with these statuses, one after the other, and the last one from then on. */
function answering(statuses: readonly number[], retryAfter: string) {
  const pauses: number[] = [];
  let asked = 0;
  const api = openApi({
    url: new URL('http://127.0.0.1'),
    from: '--url',
    tokens: { read: async () => undefined, renews: false, origin: () => 'none' },
    date: () => new Date(),
    async pause(seconds) {
      if (pauses.push(seconds) > 9) throw new Error('It waits for ever');
    },
    fetch: async () => {
      const status = statuses[Math.min(asked, statuses.length - 1)] ?? 200;
      asked += 1;
      return Response.json({}, { status, headers: { 'retry-after': retryAfter } });
    },
  });
  return { pauses, ask: () => api.post('/v1/resync', {}, z.object({})), asked: () => asked };
}

describe('a caller who has spent the minute', () => {
  it('waits as long as the API says, and then is answered', async () => {
    const world = createApiWorld();
    const statuses: number[] = [];
    for (let spent = 0; spent < SPEND_PER_MINUTE; spent += COSTLY_CALL) {
      statuses.push((await runCountersign(world, RESYNC)).code);
    }
    expect(new Set(statuses)).toEqual(new Set([0]));
    const requests: Request[] = [];
    const { code, err } = await runCountersign(world, RESYNC, { requests });
    expect({ code, requests: requests.length }).toEqual({ code: 0, requests: 2 });
    expect(err).toMatch(/^Asked too often: goes on in \d+ s$/m);
    expect(world.tasks).toHaveLength((statuses.length + 1) * 3);
  });

  it('is waited for by `wait` as long as --timeout says, and no longer', async () => {
    const world = createApiWorld();
    for (let spent = 0; spent < SPEND_PER_MINUTE; spent += COSTLY_CALL) {
      await runCountersign(world, RESYNC);
    }
    let rounds = 0;
    const meanwhile = (round: number): void => void (rounds = round);
    const { code, err } = await runCountersign(world, ['wait', IMAGE, '--timeout', '1s'], {
      meanwhile,
    });
    expect({ code, rounds }).toEqual({ code: 2, rounds: 1 });
    expect(err).not.toContain('Asked too often');
  });

  it('is refused where that would take more than a minute', async () => {
    const { ask, pauses, asked } = answering([429], '25');
    await expect(ask()).rejects.toMatchObject({ status: 429 });
    expect({ pauses, asked: asked() }).toEqual({ pauses: [25, 25], asked: 3 });
  });

  it('waits whole seconds', async () => {
    const { ask, pauses } = answering([429, 200], '0.001');
    await ask();
    expect(pauses).toEqual([1]);
  });

  it.each(['', '0', '-1', '61', 'Wed, 21 Oct 2026 07:28:00 GMT'])(
    'does not wait where it is told to wait for %j',
    async (retryAfter) => {
      const { ask, pauses } = answering([429], retryAfter);
      await expect(ask()).rejects.toMatchObject({ status: 429 });
      expect(pauses).toEqual([]);
    },
  );

  it('sends nothing twice that may have been done', async () => {
    const { ask, asked } = answering([503], '1');
    await expect(ask()).rejects.toMatchObject({ status: 503 });
    expect(asked()).toBe(1);
  });
});
