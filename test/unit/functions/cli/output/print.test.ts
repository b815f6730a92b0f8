import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createApiWorld, type ApiWorld } from '#test/fixtures/api-world.ts';
import { runCountersign as run } from '#test/fixtures/run-countersign.ts';
import { runProgramWith } from '#test/fixtures/run-program.ts';
import { row, clusterRecord } from '#test/fixtures/staged-rows.ts';

const HOSTILE = 'Fails\u001b[2J\u202e';

async function hostileWorld(): Promise<ApiWorld> {
  const world = createApiWorld();
  const failed = row({
    record: { phase: 'Failed', since: '2026-11-22T05:00:00.000Z' },
    message: HOSTILE,
    nomos: 'ERROR',
  });
  await world.deps.store.writeCluster(clusterRecord('cluster-1', [failed]));
  return world;
}

describe('countersign -o', () => {
  it.each(['table', 'wide', 'json', 'yaml', 'name', 'nomos'])(
    'prints no text of others as %s that rules a terminal, with colours or without',
    async (format) => {
      const world = await hostileWorld();
      const args = ['status', '--cluster', 'cluster-1', '-o', format];
      const { code, out } = await run(world, args, { columns: 80 });
      expect(code).toBe(1);
      expect(out).not.toContain('\u202e');
      expect(out).not.toContain('\u001b[2J');
      expect(out).toContain('cluster-1');
      const piped = await run(world, args);
      expect(piped.out).not.toContain('\u001b');
    },
  );

  it('writes nothing that rules a terminal where a verb writes by itself', async () => {
    const { out } = await runProgramWith(['gate', 'render', 'countersign.yaml'], {
      heavy: { renderGate: async () => `name: ${HOSTILE}\n` },
    });
    expect(out).toBe('name: Fails\ufffd[2J\ufffd\n');
  });

  it('prints the same as JSON and YAML, and names that other verbs take', async () => {
    const world = createApiWorld();
    await world.sweep();
    const json = JSON.parse((await run(world, ['status', '-o', 'json'])).out);
    expect(parse((await run(world, ['status', '-o', 'yaml'])).out)).toEqual(json);
    expect(Object.keys(json)).toEqual(['overview', 'clusters', 'syncs']);
    const names = (await run(world, ['status', '-o', 'name'])).out;
    expect(names.split('\n')[0]).toBe('cluster-1 RootSync/root-sync');
  });

  it('colours a terminal alone, unless it is asked otherwise', async () => {
    const world = await hostileWorld();
    const terminal = { columns: 80 };
    expect((await run(world, ['status'], terminal)).out).toContain('\u001b[31m');
    expect((await run(world, ['status', '--color', 'never'], terminal)).out).not.toContain(
      '\u001b',
    );
    expect((await run(world, ['status'])).out).not.toContain('\u001b');
    expect((await run(world, ['status', '--color', 'always'])).out).toContain('\u001b[31m');
  });

  it('is the exit code alone where it is to be quiet', async () => {
    expect(await run(await hostileWorld(), ['status', '-q'])).toEqual({
      code: 1,
      out: '',
      err: '',
    });
  });

  it('takes nomos for status alone', async () => {
    const { code, err } = await run(createApiWorld(), ['freezes', '-o', 'nomos']);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('-o nomos') });
  });
});
