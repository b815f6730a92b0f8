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
  'undici',
];

/** A tenth above what it is: a package that is read before the first answer has to be meant. */
const OPENED_BYTES = 1_750_000;
const API_BYTES = 2_300_000;

const Output = z.object({
  bytes: z.int(),
  inputs: z.record(z.string(), z.object({ bytesInOutput: z.int() })),
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

/** Bytes of the inputs whose path matches, in the bundle that has most of them. */
function mostBytes(part: RegExp): number {
  const found = new Map<string, number>();
  for (const [path, { inputs }] of Object.entries(outputs)) {
    const [, name = ''] = path.split('/');
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      if (part.test(input)) found.set(name, (found.get(name) ?? 0) + bytesInOutput);
    }
  }
  return Math.max(0, ...found.values());
}

describe('the lazy part of the bundles', () => {
  it.each(LAZY)('has %s', (client) => {
    expect(inputsOf(Object.keys(outputs)).some(isOf(client))).toBe(true);
  });
});

describe('of a client a bundle has', () => {
  it.each([
    ['Kubernetes’, what is imported by name', /@kubernetes\/client-node\//, 2_000_000],
    ['Google’s, no classes of messages', /\/build\/protos\/\w+\.js$/, 5_000],
    ['functions-framework, no table of media types', /\/mime-db\//, 1_000],
  ])('%s', (_, part, limit) => {
    expect(mostBytes(part)).toBeGreaterThan(0);
    expect(mostBytes(part)).toBeLessThan(limit);
  });

  it('undici’s, by which it connects through a proxy', () => {
    expect(mostBytes(/undici\/lib\/dispatcher\/proxy-agent\.js$/)).toBeGreaterThan(0);
    expect(mostBytes(/undici\/lib\/api\/api-connect\.js$/)).toBeGreaterThan(0);
  });
});

describe.each(FUNCTIONS)('what a start of %s reads', (name) => {
  const loaded = [...reachable(`dist/${name}/main.js`, outputs, ['import-statement'])];

  it('is none of the clients', () => {
    const inputs = inputsOf(loaded);
    expect(inputs.length).toBeGreaterThan(50);
    expect(LAZY.filter((client) => inputs.some(isOf(client)))).toEqual([]);
  });

  it('is, once it is open, hardly more than its packages and its own code', () => {
    const late = Object.keys(outputs).filter((path) =>
      new RegExp(`^dist/${name}/chunks/(?:open|base)-[A-Z0-9]+\\.js$`).test(path),
    );
    // A chunk of its own costs each start a file; admission with a mounted key reads no config.
    expect(late).toHaveLength(name === 'admission' ? 2 : 1);
    const opened = new Set(
      [`dist/${name}/main.js`, ...late].flatMap((path) => [
        ...reachable(path, outputs, ['import-statement']),
      ]),
    );
    expect(LAZY.filter((client) => inputsOf(opened).some(isOf(client)))).toEqual([]);
    const bytes = [...opened].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
    expect(bytes).toBeLessThan(name === 'api' ? API_BYTES : OPENED_BYTES);
  });

  it('is less than the lazy part', () => {
    const bytesOf = (paths: Iterable<string>): number =>
      [...paths].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
    const all = reachable(`dist/${name}/main.js`, outputs, ['import-statement', 'dynamic-import']);
    expect(bytesOf(loaded)).toBeLessThan(bytesOf(all) / 3);
  });
});
