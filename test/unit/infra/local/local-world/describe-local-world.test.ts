import { describe, expect, it } from 'vitest';
import { describeWorld } from '#infra/local/local-world/describe-local-world.ts';
import { filesIn } from '#infra/local/local-world/files.ts';

function commandsIn(dir: string, launcher?: string): string[] {
  const world = {
    registry: '127.0.0.1:2',
    pubsub: { host: '127.0.0.1:3', project: 'local' },
    functions: new Map(),
    clusters: [],
    files: filesIn(dir),
  };
  const text = describeWorld(world, { cwd: '/home/operator', launcher, empty: true });
  return text.split('\n').map((line) => line.trim());
}

describe('the commands that a world prints', () => {
  it('name its folder, also where it is the one that the operator is in', () => {
    expect(commandsIn('/home/operator')).toContain('countersign local stop push --dir .');
  });

  it('can be typed where a folder has a space in its name', () => {
    const commands = commandsIn('/home/operator/my world', '/home/operator/my checkout/bin');
    expect(commands).toContain("countersign local stop push --dir 'my world'");
    expect(commands).toContain(`export PATH="$PWD"/'my checkout/bin':"$PATH"`);
  });
});
