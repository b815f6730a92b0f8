import { describe, expect, it } from 'vitest';
import { type ApiWorld, createApiWorld } from '#test/fixtures/api-world.ts';
import { createMemoryHistory } from '#test/fakes/memory-history.ts';
import { entryOf } from '#test/fixtures/history.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';

async function createWorld(entries: readonly ReturnType<typeof entryOf>[]): Promise<ApiWorld> {
  const history = createMemoryHistory().open();
  for (const entry of entries) await history.add(entry);
  return createApiWorld({}, { kept: { history, days: 400 } });
}

describe('countersign history', () => {
  it('prints a line an event, with who, why and by what, and no character that rules a terminal', async () => {
    const world = await createWorld([
      entryOf('a', {
        data: {
          cluster: 'cluster-1',
          sync: 'RootSync/root-sync',
          message: 'Approved\nby\u001b[2J a resync',
          actor: 'ops@acme.example',
          reason: 'INC-7',
          signer: 'release-key',
          revision: 'abc',
          source: 'https://github.com/acme/configs',
        },
      }),
      entryOf('b', {
        time: '2026-11-22T05:00:01.000Z',
        type: 'rollout.halted',
        severity: 'ERROR',
        data: { image: 'r.example/a:v1', message: 'Halted' },
      }),
      entryOf('c', { time: '2026-11-22T04:00:01.000Z', data: { message: 'All' } }),
    ]);
    expect(await run(world, ['history'])).toEqual({
      code: 0,
      out: [
        'TIME        TYPE            WHERE                         BY                SIGNER       WHAT',
        '59 min ago  rollout.halted  r.example/a:v1                                               Halted',
        '1 h ago     sync.approved   cluster-1 RootSync/root-sync  ops@acme.example  release-key  Approved by\ufffd[2J a resync (INC-7)',
        '1 h ago     sync.approved   fleet                                                        All',
        '',
      ].join('\n'),
      err: '',
    });
    const wide = await run(world, ['history', '-o', 'wide']);
    for (const part of ['2026-11-22 05:00 UTC', 'release-key', 'abc', 'https://github.com/acme/']) {
      expect(wide.out).toContain(part);
    }
  });

  it('passes on what is asked for', async () => {
    const requests: Request[] = [];
    const args = ['--since', '12h', '--until', '2026-11-22', '--image', 'r.example/a:v1'];
    const more = ['--cluster', 'c', '--actor', 'a@b.example', '--type', 'rollout', '--limit', '7'];
    const world = await createWorld([]);
    const { out } = await run(world, ['history', ...args, ...more], { requests });
    expect(out).toBe('No events\n');
    expect(Object.fromEntries(new URL(requests[0]?.url ?? '').searchParams)).toEqual({
      since: '12h',
      until: '2026-11-22',
      image: 'r.example/a:v1',
      cluster: 'c',
      actor: 'a@b.example',
      type: 'rollout',
      limit: '7',
    });
  });

  it('reads as many pages as it takes, and says where it ended', async () => {
    const entries = Array.from({ length: 1_200 }, (_, n) => entryOf(`${n}`));
    const world = await createWorld(entries);
    const first = await run(world, ['history', '--limit', '1100', '--json']);
    const { events, next } = JSON.parse(first.out);
    expect(events).toHaveLength(1_100);
    const rest = await run(world, ['history', '--limit', '1100', '--cursor', next, '--json']);
    const all = [...events, ...JSON.parse(rest.out).events].map(({ id }: { id: string }) => id);
    expect(all.toSorted()).toEqual(entries.map(({ id }) => id).toSorted());
    expect(JSON.parse(rest.out)).not.toHaveProperty('next');
    const lines = await run(world, ['history', '--limit', '1']);
    expect(lines.out).toContain('\nOlder ones: --cursor ');
  });

  it.each([
    ['--limit', '0'],
    ['--limit', 'x'],
    ['--since', 'yesterday'],
    ['--colour', 'red'],
  ])('exits with 2 for %s %s', async (...args) => {
    const world = await createWorld([entryOf('a')]);
    expect(await run(world, ['history', ...args])).toMatchObject({ code: 2, out: '' });
  });

  it('says what is missing where no history is kept', async () => {
    const { code, err } = await run(createApiWorld(), ['history']);
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('(no-history)') });
  });
});
