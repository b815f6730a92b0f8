import { describe, expect, it } from 'vitest';
import { createMemoryHistory } from '#test/fakes/memory-history.ts';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { entryOf } from '#test/fixtures/history.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';

class Enough extends Error {}

function createWorld() {
  const history = createMemoryHistory().open();
  const world = createApiWorld({}, { kept: { history, days: 400 } });
  return { history, world };
}

const at = (time: string, id: string) =>
  entryOf(id, { time: `2026-11-22T${time}.000Z`, data: { message: id } });

describe('countersign events', () => {
  it('prints the oldest first, since then', async () => {
    const { history, world } = createWorld();
    for (const [time, id] of [
      ['04:59:00', 'old'],
      ['05:30:00', 'a'],
      ['05:45:00', 'b'],
    ] as const) {
      await history.add(at(time, id));
    }
    const { code, out } = await run(world, ['events', '--since', '1h']);
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => line.split(': ').at(-1)),
    ).toEqual(['a', 'b']);
  });

  it('follows: what comes late is printed, and nothing twice', async () => {
    const { history, world } = createWorld();
    await history.add(at('05:59:50', 'a'));
    const later = [at('05:59:58', 'c'), at('05:59:55', 'late'), at('06:00:01', 'd')];
    const printed: string[] = [];
    const requests: Request[] = [];
    const following = run(world, ['events', '--follow', '-o', 'json', '--since', '1h'], {
      requests,
      onOut: (text) => printed.push(JSON.parse(text).message),
      async meanwhile(round) {
        const next = later[round - 1];
        if (next === undefined) throw new Enough();
        await history.add(next);
      },
    });
    await following.catch(() => undefined);
    expect(printed).toEqual(['a', 'c', 'late', 'd']);
    const asked = requests.map(({ url }) => new URL(url).searchParams.get('since'));
    expect(asked.slice(0, 2)).toEqual(['1h', '2026-11-22T05:58:50.000Z']);
  });
});
