import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTool } from '#infra/local/real/find-tool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'find-tool-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function place(path: string, mode = 0o755): string {
  const full = join(folder, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, '', { mode });
  return full;
}

function environment() {
  return {
    COUNTERSIGN_TOOLS: join(folder, 'chosen'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    PATH: join(folder, 'bin'),
  };
}

describe('findTool()', () => {
  it('prefers the chosen folder, then the cache, then PATH', () => {
    const onPath = place('bin/crane');
    expect(findTool('crane', environment())).toBe(onPath);
    const cached = place('cache/countersign/tools/crane');
    expect(findTool('crane', environment())).toBe(cached);
    const chosen = place('chosen/crane');
    expect(findTool('crane', environment())).toBe(chosen);
  });

  it('takes etcd and kube-apiserver from where others keep them, before PATH', () => {
    place('bin/etcd');
    const assets = place('assets/etcd');
    const env = { ...environment(), KUBEBUILDER_ASSETS: join(folder, 'assets') };
    expect(findTool('etcd', env)).toBe(assets);
    const cached = place('cache/countersign/tools/etcd');
    expect(findTool('etcd', env)).toBe(cached);
  });

  it('passes over what cannot be run', () => {
    place('chosen/crane', 0o644);
    mkdirSync(join(folder, 'cache/countersign/tools/crane'), { recursive: true });
    const onPath = place('bin/crane');
    expect(findTool('crane', environment())).toBe(onPath);
  });

  it.each([
    ['crane', 'npm run tools'],
    ['cosign3', 'npm run tools'],
    ['skopeo', 'apt-get install skopeo'],
    ['docker-registry', 'apt-get install docker-registry'],
  ])('throws for a missing %s and says: %s', (name, remedy) => {
    expect(() => findTool(name, environment())).toThrow(remedy);
  });
});
