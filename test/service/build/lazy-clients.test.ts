import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { functionEntries } from '#infra/build/entries.ts';
import { reachable } from '#infra/build/reachable.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const FUNCTIONS = Object.keys(await functionEntries(root));
/** What no start may read: it is loaded by the first request that needs it. */
const LAZY = [
  '@google-cloud/artifact-registry',
  '@google-cloud/pubsub',
  '@kubernetes/client-node',
  '@noble/curves',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/sdk-trace-base',
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

describe.each(FUNCTIONS)('what a start of %s reads', (name) => {
  const meta = readFileSync(join(root, 'dist/meta.json'), 'utf8');
  const { outputs } = Meta.parse(JSON.parse(meta));
  const loaded = [...reachable(`dist/${name}/main.js`, outputs, ['import-statement'])];
  const inputs = loaded.flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));

  it('is none of the clients', () => {
    const folders = LAZY.map((client) => `node_modules/${client}/`);
    expect(inputs.length).toBeGreaterThan(50);
    expect(inputs.filter((path) => folders.some((folder) => path.includes(folder)))).toEqual([]);
  });

  it('is less than the lazy part', () => {
    const bytesOf = (paths: Iterable<string>): number =>
      [...paths].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
    const all = reachable(`dist/${name}/main.js`, outputs, ['import-statement', 'dynamic-import']);
    expect(bytesOf(loaded)).toBeLessThan(bytesOf(all) / 3);
  });
});
