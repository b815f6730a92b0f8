import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE_SHA256, checkNode } from '#infra/build/image/stage-rootfs.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'node-'));
  file = join(folder, 'node');
  writeFileSync(file, 'a binary');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('checkNode()', () => {
  it('takes the binary with the hash', async () => {
    const hash = createHash('sha256').update('a binary').digest('hex');
    await expect(checkNode(file, hash)).resolves.toBeUndefined();
  });

  it('refuses any other, and says where its hash belongs', async () => {
    await expect(checkNode(file)).rejects.toThrow('infra/build/image/stage-rootfs.ts');
    await expect(checkNode(file)).rejects.toThrow(NODE_SHA256);
  });
});
