import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { ROOT } from '#test/docs/markdown.ts';

function page(name: string): string {
  return readFileSync(join(ROOT, 'docs', name), 'utf8');
}

function pinned(tool: string, module: string): string {
  const goMod = readFileSync(join(ROOT, 'test/e2e/tools', tool, 'go.mod'), 'utf8');
  const line = goMod.split('\n').find((one) => one.includes(`${module} v`)) ?? '';
  return /v(\d+\.\d+\.\d+)/.exec(line)?.[1] ?? 'none';
}

describe('docs/support.md', () => {
  it.each([
    ['cosign2', 'github.com/sigstore/cosign/v2'],
    ['cosign3', 'github.com/sigstore/cosign/v3'],
    ['crane', 'github.com/google/go-containerregistry'],
    ['oras', 'oras.land/oras'],
    ['helm', 'helm.sh/helm/v3'],
    ['kube-apiserver', 'k8s.io/kubernetes'],
  ])('names the version of %s that the tests run', (tool, module) => {
    const version = pinned(tool, module);
    expect(version).toMatch(/^\d/);
    expect(page('support.md')).toContain(version);
  });

  it('names the Node that everything runs on', () => {
    expect(page('support.md')).toContain(packageJson.devDependencies.node);
  });
});

describe('docs/upgrade.md', () => {
  it('names every field of a receipt', () => {
    const source = readFileSync(join(ROOT, 'shared/core/receipt.ts'), 'utf8');
    const [, list = ''] = /export interface Receipt \{(.*?)\n\}/s.exec(source) ?? [];
    const fields = [...list.matchAll(/readonly ([a-zA-Z]+)\??:/g)].map(([, field = '']) => field);
    expect(fields.length).toBeGreaterThan(10);
    expect(fields.filter((field) => !page('upgrade.md').includes(`\`${field}\``))).toEqual([]);
  });

  it('names the format of the config file', () => {
    expect(page('upgrade.md')).toContain('apiVersion: countersign.dev/v1');
  });
});
