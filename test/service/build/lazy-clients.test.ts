import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { functionEntries, reachable } from '#infra/build/bundle.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const FUNCTIONS = Object.keys(await functionEntries(root));
/** What no start may read: it is loaded by the first request that needs it. */
const LAZY = [
  '@google-cloud/artifact-registry',
  '@google-cloud/pubsub',
  '@kubernetes/client-node',
  '@noble/curves',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/sdk-trace',
  '@sigstore/tuf',
  '@sigstore/verify',
  'google-auth-library',
  'google-gax',
  'protobufjs',
  're2js',
];

const Output = z.object({
  bytes: z.int(),
  inputs: z.record(z.string(), z.unknown()),
  imports: z.array(z.looseObject({ path: z.string(), kind: z.string() })),
});
const Meta = z.object({ outputs: z.record(z.string(), Output) });

const { outputs } = Meta.parse(JSON.parse(readFileSync(join(root, 'dist/meta.json'), 'utf8')));

function inputsOf(paths: Iterable<string>): string[] {
  return [...paths].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));
}

function isOf(client: string): (path: string) => boolean {
  return (path) => path.includes(`node_modules/${client}/`);
}

describe('the lazy part of the bundles', () => {
  it.each(LAZY)('has %s', (client) => {
    expect(inputsOf(Object.keys(outputs)).some(isOf(client))).toBe(true);
  });
});

describe.each(FUNCTIONS)('what a start of %s reads', (name) => {
  const loaded = [...reachable(`dist/${name}/main.js`, outputs, ['import-statement'])];

  it('is none of the clients', () => {
    const inputs = inputsOf(loaded);
    expect(inputs.length).toBeGreaterThan(50);
    expect(LAZY.filter((client) => inputs.some(isOf(client)))).toEqual([]);
  });

  it('is less than the lazy part', () => {
    const bytesOf = (paths: Iterable<string>): number =>
      [...paths].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
    const all = reachable(`dist/${name}/main.js`, outputs, ['import-statement', 'dynamic-import']);
    expect(bytesOf(loaded)).toBeLessThan(bytesOf(all) / 3);
  });
});
