import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalWorldError } from '#infra/local/local-world/local-world-error.ts';
import { startLocalWorld } from '#infra/local/local-world/start-local-world.ts';

let home: string;
let bundles: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'countersign-start-'));
  bundles = join(home, 'dist');
  for (const name of ['push', 'cluster', 'sweep']) {
    mkdirSync(join(bundles, name), { recursive: true });
    writeFileSync(join(bundles, name, 'main.js'), '');
  }
});
afterEach(() => rmSync(home, { recursive: true }));

describe('startLocalWorld()', () => {
  it('names a folder that cannot be one', async () => {
    const dir = join(bundles, 'push', 'main.js');
    const starting = startLocalWorld({ dir, bundles, ports: 'free' });
    await expect(starting).rejects.toThrow(LocalWorldError);
    await expect(starting).rejects.toThrow(
      `Nothing can be written into ${dir} (ENOTDIR): choose another folder with --dir`,
    );
  });

  it('names the emulator that does not answer', async () => {
    const dir = join(home, 'world');
    const starting = startLocalWorld({ dir, bundles, ports: 'free', pubsubHost: '127.0.0.1:1' });
    await expect(starting).rejects.toThrow(LocalWorldError);
    await expect(starting).rejects.toThrow(
      'No Pub/Sub answers at 127.0.0.1:1: start the emulator, or unset PUBSUB_EMULATOR_HOST',
    );
  });
});
