import { describe, expect, it } from 'vitest';
import { createApiWorld, ROOT } from '#test/fixtures/api-world.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';

describe('a resync of the whole fleet', () => {
  it('takes --all where no one can be asked, and asks for nothing without', async () => {
    const world = createApiWorld();
    const requests: Request[] = [];
    const bare = await run(world, ['resync'], { requests });
    expect(bare).toMatchObject({ code: 2, out: '', err: expect.stringContaining('add --all') });
    expect(requests).toEqual([]);
    expect((await run(world, ['resync', '--all'])).out).toBe('Resync id-1: 3 clusters tasked\n');
    expect(world.tasks).toHaveLength(3);
  });

  it.each([
    ['y', 0, 3],
    ['YES ', 0, 3],
    ['', 1, 0],
    ['n', 1, 0],
    ['yesterday', 1, 0],
  ])('is asked for at a terminal, with its size: %j', async (answer, code, tasks) => {
    const world = createApiWorld();
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return answer;
    };
    expect((await run(world, ['resync'], { ask })).code).toBe(code);
    expect(questions).toEqual([
      'Resync the whole fleet, 3 clusters (of 3 that were looked at 3 RSyncs would change)? [y/N] ',
    ]);
    expect(world.tasks).toHaveLength(tasks);
  });

  it('is not asked for where less is meant, or nothing is to change', async () => {
    const world = createApiWorld();
    const ask = () => Promise.reject(new Error('Asked'));
    for (const args of [['--cluster', 'cluster-1'], ['--sync', 'root-sync'], ['--dry-run']]) {
      expect((await run(world, ['resync', ...args], { ask })).code).toBe(0);
    }
  });
});

describe('a resync of nothing', () => {
  it.each([
    [['--sync', 'RootSync/nothing'], 'There is no cluster with RootSync/nothing'],
    [
      ['--cluster', 'cluster-1', '--sync', 'RootSync/nothing'],
      'cluster-1 is not a cluster with RootSync/nothing',
    ],
  ])('says so, and is 1: %j', async (args, said) => {
    const world = createApiWorld();
    await world.sweep();
    for (const more of [[], ['--dry-run']]) {
      const { code, out } = await run(world, ['resync', ...args, ...more]);
      expect(code).toBe(1);
      expect(out).toContain(said);
    }
    expect(world.tasks).toEqual([]);
    expect((await run(world, ['resync', '--sync', ROOT])).code).toBe(0);
  });
});
