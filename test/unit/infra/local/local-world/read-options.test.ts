import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readDemoOptions, readOptions } from '#infra/local/local-world/options.ts';

let printed: string;
beforeEach(() => {
  printed = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  }
});
afterEach(() => vi.restoreAllMocks());

describe('readOptions()', () => {
  it('has defaults', () => {
    expect(readOptions([], '/srv')).toEqual({
      clusters: 3,
      portOffset: 0,
      dir: '/srv',
      effect: 'pin',
      verbose: false,
    });
  });

  it('reads every option', () => {
    const args = ['--clusters', '5', '--port-offset', '100', '--dir', 'there', '--verbose'];
    args.push('--effect', 'gate');
    expect(readOptions(args, '/srv')).toEqual({
      clusters: 5,
      portOffset: 100,
      dir: 'there',
      effect: 'gate',
      verbose: true,
    });
  });

  it.each([
    [['--clusters', '0'], '--clusters'],
    [['--clusters', '101'], '--clusters'],
    [['--clusters', '1.5'], '--clusters'],
    [['--clusters', ''], '--clusters'],
    [['--port-offset', '-1'], '--port-offset'],
    [['--port-offset', '57093'], '--port-offset'],
    [['--port-offset'], '--port-offset'],
    [['--effect', 'annotate'], '--effect'],
    [['--colour'], '--colour'],
    [['extra'], 'argument'],
  ])('refuses %j', (args, named) => {
    expect(readOptions(args, '/srv')).toEqual({ exitCode: 2 });
    expect(printed).toContain(named);
  });

  it('helps', () => {
    expect(readOptions(['--help'], '/srv')).toEqual({ exitCode: 0 });
    expect(printed).toContain('--port-offset');
  });
});

describe('readDemoOptions()', () => {
  it.each([
    [[], { effect: 'pin' }],
    [['--effect', 'gate'], { effect: 'gate' }],
    [['--effect', 'none'], { exitCode: 2 }],
    [['gate'], { exitCode: 2 }],
    [['--help'], { exitCode: 0 }],
  ])('reads %j', (args, expected) => {
    expect(readDemoOptions(args)).toEqual(expected);
  });
});
