import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '#functions/wiring/base.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/config');

describe('readConfig()', () => {
  it('gives no function a config whose roll-outs it would approve everywhere at once', async () => {
    await expect(readConfig(join(FIXTURES, 'full-rollouts.yaml'))).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('images[0].rollout'),
    });
    expect((await readConfig(join(FIXTURES, 'full.yaml'))).images).not.toEqual([]);
  });
});
