import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundleFunctions } from '#infra/build/bundle.ts';
import { startBroker } from '#test/fakes/broker.ts';
import { startChild } from '#test/fakes/child.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const entries = {
  publishing: './test/service/build/publishing-function.ts',
  lazy: './test/service/build/lazy-imports.ts',
  openapi: './test/service/build/openapi-function.ts',
};
let outdir: string;
let bundles: readonly Bundle[];
beforeAll(async () => {
  outdir = mkdtempSync(join(tmpdir(), 'dist-'));
  bundles = await bundleFunctions({ root, entries, outdir });
});
afterAll(() => rmSync(outdir, { recursive: true }));

const Meta = z.object({
  outputs: z.record(
    z.string(),
    z.object({
      entryPoint: z.string().optional(),
      inputs: z.record(z.string(), z.unknown()),
      imports: z.array(z.object({ path: z.string(), kind: z.string() })),
    }),
  ),
});

describe('bundleFunctions()', () => {
  it('keeps the Pub/Sub client out of what is read at start', () => {
    const [bundle] = bundles;
    expect(bundle?.name).toBe('publishing');
    expect(bundle?.startBytes).toBeLessThan(1_500_000);
    expect(bundle?.lazyBytes).toBeGreaterThan(1_500_000);
  });

  it('names the chunks that load all others', () => {
    const { outputs } = Meta.parse(JSON.parse(readFileSync(join(outdir, 'meta.json'), 'utf8')));
    for (const { name, lazyEntries } of bundles) {
      const inFolder = Object.entries(outputs).filter(
        ([path]) => path.includes(`/${name}/`) && path.endsWith('.js'),
      );
      const begun = inFolder.filter(([path]) =>
        [...lazyEntries, 'main.js'].includes(basename(path)),
      );
      const loaded = new Set(begun.map(([path]) => path));
      for (const path of loaded) {
        for (const { path: to, kind } of outputs[path]?.imports ?? []) {
          if (kind === 'import-statement' && to in outputs) loaded.add(to);
        }
      }
      expect([...loaded].toSorted()).toEqual(inFolder.map(([path]) => path).toSorted());
    }
  });

  it('writes the metafile, which shows what an entry loads at start', () => {
    const meta = Meta.parse(JSON.parse(readFileSync(join(outdir, 'meta.json'), 'utf8')));
    const main = Object.entries(meta.outputs).find(([, { entryPoint }]) =>
      entryPoint?.endsWith('publishing-function.ts'),
    );
    expect(main?.[0]).toMatch(/publishing\/main\.js$/);
    const packages = Object.values(main?.[1].inputs ?? {}).length;
    expect(packages).toBeGreaterThan(0);
    expect(existsSync(join(outdir, 'publishing', 'main.js.map'))).toBe(true);
  });

  it('leaves out the languages of zod, which @hono/zod-openapi would bring', () => {
    const meta = Meta.parse(JSON.parse(readFileSync(join(outdir, 'meta.json'), 'utf8')));
    const inputs = Object.values(meta.outputs).flatMap((output) => Object.keys(output.inputs));
    expect(inputs.some((path) => path.endsWith('zod/v4/core/schemas.js'))).toBe(true);
    expect(inputs.filter((path) => /zod\/v4\/locales\/(?!en\.js|index\.js)/.test(path))).toEqual(
      [],
    );
  });

  it('leaves out the domains of the framework', () => {
    const meta = Meta.parse(JSON.parse(readFileSync(join(outdir, 'meta.json'), 'utf8')));
    const imported = Object.values(meta.outputs).flatMap(({ imports }) =>
      imports.map(({ path }) => path),
    );
    expect(imported).toContain('node:http');
    expect(imported.filter((path) => /^(?:node:)?domain$/.test(path))).toEqual([]);
  });

  it('removes what an earlier build left, and nothing else', async () => {
    const small = {
      root,
      entries: { waiting: './test/service/build/waiting-function.ts' },
      outdir: mkdtempSync(join(tmpdir(), 'dist-')),
    };
    await bundleFunctions(small);
    const stale = join(small.outdir, 'waiting', 'chunks', 'stale-ABC.js');
    mkdirSync(dirname(stale), { recursive: true });
    writeFileSync(stale, '');
    await bundleFunctions(small);
    expect(existsSync(stale)).toBe(false);
    expect(existsSync(join(small.outdir, 'waiting', 'main.js'))).toBe(true);
    rmSync(small.outdir, { recursive: true });
  });

  it('gives a lazily loaded package the named exports that it has in Node', async () => {
    const child = startChild(join(outdir, 'lazy', 'main.js'), {});
    expect(await child.line('Loaded')).toEqual({
      message: 'Loaded',
      Verifier: 'function',
      GoogleAuth: 'function',
      ArtifactRegistryClient: 'function',
      PubSub: 'function',
      KubeConfig: 'function',
      RE2JS: 'function',
      Same: 'function',
      CustomObjectsApi: 'function',
      protos: expect.stringMatching(/^Error: .* left out of the bundle/),
    });
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it('makes a bundle that publishes through the lazily loaded client, and drains', async () => {
    const broker = await startBroker();
    const child = startChild(join(outdir, 'publishing', 'main.js'), {
      PORT: '0',
      PUBSUB_EMULATOR_HOST: broker.host,
    });
    const { port } = await child.line('Listening');
    const answer = await fetch(`http://127.0.0.1:${String(port)}/publish`, {
      method: 'POST',
      body: 'hello',
    });
    expect(answer.status).toBe(200);
    expect(broker.requests[0]?.messages[0]?.data.toString()).toBe('hello');
    child.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.noise).toEqual([]);
    broker.close();
  });
});
