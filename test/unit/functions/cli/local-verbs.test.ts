import { describe, expect, it } from 'vitest';
import type { Heavy } from '#functions/cli/heavy.ts';
import { openHeavy } from '#functions/cli/open-heavy.ts';
import { runProgramWith } from '#test/fixtures/run-program.ts';

/** What the local world, or the demo, is started with. */
async function optionsOf(...args: string[]) {
  const started: unknown[] = [];
  const heavy: Partial<Heavy> = {
    async runLocal({ ...options }) {
      started.push(options);
      return 0;
    },
    async runDemo(effect) {
      started.push(effect);
      return 0;
    },
  };
  return { ...(await runProgramWith(['local', ...args], { heavy })), started };
}

describe('countersign local up', () => {
  it('has defaults', async () => {
    const { code, started } = await optionsOf('up');
    expect(code).toBe(0);
    expect(started).toEqual([{ clusters: 3, portOffset: 0, effect: 'pin', verbose: false }]);
  });

  it('reads every option', async () => {
    const args = ['--clusters', '1000', '--port-offset', '100', '--dir', 'there', '--verbose'];
    const more = ['--effect', 'gate', '--ports', 'api=9090', '--empty'];
    const { started } = await optionsOf('up', ...args, ...more);
    const read = { clusters: 1_000, portOffset: 100, dir: 'there', effect: 'gate', verbose: true };
    expect(started).toEqual([{ ...read, ports: 'api=9090', empty: true }]);
  });

  it.each([
    [['--clusters', '0'], '--clusters'],
    [['--clusters', '1001'], '--clusters'],
    [['--clusters', '1.5'], '--clusters'],
    [['--clusters', ''], '--clusters'],
    [['--port-offset', '-1'], '--port-offset'],
    [['--port-offset', '65536'], '--port-offset'],
    [['--port-offset'], '--port-offset'],
    [['--effect', 'annotate'], '--effect'],
    [['--colour'], '--colour'],
    [['extra'], 'argument'],
  ])('refuses %j', async (args, named) => {
    const { code, err, started } = await optionsOf('up', ...args);
    expect([code, started]).toEqual([2, []]);
    expect(err).toContain(named);
  });

  it('refuses an offset beyond the last port', async () => {
    const heavy = openHeavy({ bundles: '/nonexistent', home: '/nonexistent' });
    const { code, err } = await runProgramWith(['local', 'up', '--port-offset', '57093'], {
      heavy,
    });
    expect(code).toBe(2);
    expect(err).toContain('write 57092 at most');
  });

  it('helps', async () => {
    const { code, out } = await optionsOf('up', '--help');
    expect(code).toBe(0);
    expect(out).toContain('--port-offset');
  });
});

describe('countersign local stop and start', () => {
  const steering = async (...args: string[]) => {
    const asked: unknown[] = [];
    const heavy: Partial<Heavy> = {
      async steerLocal(given) {
        asked.push(given);
        return 'Function push is stopped';
      },
    };
    return { ...(await runProgramWith(['local', ...args], { heavy })), asked };
  };

  it.each(['stop', 'start'])(
    '%s the function that is named, and say what was done',
    async (act) => {
      const { code, out, asked } = await steering(act, 'push', '--dir', 'there');
      expect({ code, out }).toEqual({ code: 0, out: 'Function push is stopped\n' });
      expect(asked).toEqual([{ name: 'push', act, dir: 'there' }]);
    },
  );

  it('refuses what is no function', async () => {
    const { code, err, asked } = await steering('stop', 'registry');
    expect([code, asked]).toEqual([2, []]);
    expect(err).toContain('push, cluster, sweep, history, api, admission');
  });
});

describe('countersign local demo', () => {
  it.each([
    [[], 0, ['pin']],
    [['--effect', 'gate'], 0, ['gate']],
    [['--effect', 'none'], 2, []],
    [['gate'], 2, []],
    [['--help'], 0, []],
  ])('reads %j', async (args, expected, effects) => {
    const { code, started } = await optionsOf('demo', ...args);
    expect({ code, started }).toEqual({ code: expected, started: effects });
  });
});
