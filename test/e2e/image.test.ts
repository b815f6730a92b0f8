import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { functionEntries } from '#infra/build/bundle.ts';
import { readFinalStage } from '#infra/build/image/assemble.ts';
import { type Container, startContainer, waitForLine } from './image-sandbox.ts';
import { type ImageWorld, openImageWorld } from './image-world.ts';
import { PATIENCE, SELDOM } from '#test/patience.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const FUNCTIONS = Object.keys(await functionEntries(root));

const line = z.looseObject({ severity: z.string(), message: z.string(), time: z.string() });

let world: ImageWorld;
/** The image's file system, with a config where Cloud Run mounts it, and without one. */
let fs: string;
let bare: string;
const running = new Set<Container>();
beforeAll(async () => {
  world = await openImageWorld();
  fs = await world.extract('fs');
  bare = await world.extract('bare', { config: false });
});
afterAll(async () => {
  for (const container of running) await container.stop();
  await world?.close();
});

function start(
  args: readonly string[],
  options: { root?: string; env?: Record<string, string> } = {},
) {
  const container = startContainer({ root: fs, image: world.image, args, ...options });
  running.add(container);
  void container.exited.then(() => running.delete(container));
  return container;
}

describe('the image', () => {
  it('is the same, to the last byte, when it is built again', async () => {
    expect(await world.again()).toBe(world.reference);
  });

  it('is configured as the Dockerfile says', () => {
    const text = readFileSync(join(root, 'infra/image/Dockerfile'), 'utf8');
    const stage = readFinalStage(text, { REVISION: world.revision });
    expect(world.image).toEqual({
      Entrypoint: stage.entrypoint,
      Env: Object.entries(stage.env).map(([name, value]) => `${name}=${value}`),
      Labels: stage.labels,
      User: stage.user,
      WorkingDir: stage.workdir,
    });
    expect(world.image.Labels['org.opencontainers.image.revision']).toBe(world.revision);
  });

  it('has Node, the functions and nothing else, which root owns and no user may write', async () => {
    const list = ['--list', '--verbose', '--numeric-owner', '-f', world.files];
    const listed = await world.run('tar', ...list);
    const ours = listed
      .split('\n')
      .map((entry) => entry.trim().split(/\s+/))
      .filter(([, , , , , path = '']) => /^(?:app|nodejs)\//.test(path));
    expect(ours.length).toBeGreaterThan(50);
    const open = ours.filter(
      ([mode = '', owner]) => owner !== '0/0' || /^.....(?:w|...w)/.test(mode),
    );
    expect(open).toEqual([]);
    const folders = new Set(ours.map(([, , , , , path = '']) => path.replace(/[^/]*$/, '')));
    const cache = [...folders].filter((path) =>
      /^app\/compile-cache\/v24\.[^/]+-65532\/$/.test(path),
    );
    expect(cache).toHaveLength(1);
    const expected = ['app/', 'app/compile-cache/', 'app/countersign/', 'nodejs/', 'nodejs/bin/'];
    const functions = FUNCTIONS.flatMap((name) => [`app/${name}/`, `app/${name}/chunks/`]);
    expect(folders).toEqual(new Set([...expected, ...cache, ...functions]));
  });

  it('says what is in it, without what only builds and tests it', () => {
    const sbom = z
      .object({ packages: z.array(z.object({ name: z.string(), versionInfo: z.string() })) })
      .parse(JSON.parse(readFileSync(join(fs, 'app/sbom.spdx.json'), 'utf8')));
    const versions = new Map(sbom.packages.map(({ name, versionInfo }) => [name, versionInfo]));
    const bundled = ['hono', '@google-cloud/pubsub', '@kubernetes/client-node', 'zod'];
    expect(bundled.filter((name) => !versions.has(name))).toEqual([]);
    expect(world.image.Entrypoint[0]).toBe('/nodejs/bin/node');
    expect(`v${versions.get('node')}`).toBe(process.version);
    expect(['vitest', 'esbuild', 'typescript'].filter((name) => versions.has(name))).toEqual([]);
  });

  it('is signed by digest, with its SBOM attested, and verified by cosign', async () => {
    await world.run('cosign3', 'generate-key-pair');
    const offline = ['--tlog-upload=false', '--use-signing-config=false', '--yes'];
    const signer = ['--key=cosign.key', '--allow-http-registry', ...offline];
    await world.run('cosign3', 'sign', ...signer, world.reference);
    const sbom = join(fs, 'app/sbom.spdx.json');
    const what = ['--type=spdxjson', `--predicate=${sbom}`];
    await world.run('cosign3', 'attest', ...signer, ...what, world.reference);
    const by = ['--key=cosign.pub', '--allow-http-registry', '--insecure-ignore-tlog=true'];
    const digest = world.reference.replace(/^.*@/, '');
    expect(await world.run('cosign3', 'verify', ...by, world.reference)).toContain(digest);
    const attested = ['verify-attestation', ...by, '--type=spdxjson', world.reference];
    expect(await world.run('cosign3', ...attested)).toContain('payload');
  });
});

describe.each(FUNCTIONS)('%s, as Cloud Run runs it', (name) => {
  it('answers as process 1, writes nothing, and stops on SIGTERM', async () => {
    const container = start([name]);
    await waitForLine(container, 'Listening');
    expect(await container.get('/health')).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await container.status('NSpid')).toMatch(/\s1$/);
    expect(readdirSync(container.pathOf('/tmp'))).toEqual([]);
    expect(() => writeFileSync(container.pathOf('/app/written'), '')).toThrow(/EROFS/);
    expect(await container.stop()).toBe(0);
    for (const text of container.lines) expect(line.safeParse(text).error).toBeUndefined();
  });

  it('says in one line that it has no config, and exits', async () => {
    const container = start([name], { root: bare });
    expect(await container.exited).toBe(1);
    const errors = container.lines.filter((text) => !JSON.stringify(text).includes('"INFO"'));
    expect(errors).toEqual([
      expect.objectContaining({
        severity: 'ERROR',
        code: 'bad-config',
        error: expect.stringContaining('COUNTERSIGN_CONFIG'),
        message: 'Function cannot start',
      }),
    ]);
  });

  it('takes what it compiles from the image', async () => {
    const container = start([name], { env: { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' } });
    await waitForLine(container, 'Listening');
    await container.stop();
    const said = container.lines.filter((text) => typeof text === 'string');
    const accepted = said.filter((text) => text.includes('was accepted'));
    expect(accepted.length).toBeGreaterThan(5);
    expect(said.filter((text) => /rejected|not found|mismatch/i.test(text))).toEqual([]);
  });
});

// Admission keeps no store, and asks Google only for what a review names.
const STORING = FUNCTIONS.filter((name) => name !== 'admission');
describe('without a metadata server', () => {
  // Together: nearly all of it is waiting.
  it.concurrent.each(STORING)(
    '%s is alive, and says that Google gives it no token',
    async (name) => {
      const container = start([name]);
      await waitForLine(container, 'Listening');
      // A machine that is busy needs longer to find out than one attempt of the store may take: then it says that, first.
      await vi.waitFor(async () => {
        const ready = await container.get('/ready');
        expect(ready).toMatchObject({
          status: 503,
          body: { status: 503, code: 'store-unavailable' },
        });
        expect(JSON.stringify(ready.body)).toContain('Google gave no access token');
      }, SELDOM);
      const [failed] = container.lines.filter((text) =>
        JSON.stringify(text).includes('access token'),
      );
      expect(failed).toMatchObject({ severity: 'WARNING', code: 'store-unavailable', retry: true });
      expect(await container.get('/health')).toMatchObject({ status: 200 });
      expect(await container.stop()).toBe(0);
    },
  );
});

describe('the command in a container', () => {
  it('says the commit of the image, and ends with the exit code of the verb', async () => {
    const version = start(['countersign', 'version']);
    expect(await version.exited).toBe(0);
    expect(version.lines).toContain(`commit     ${world.revision}`);
    const status = start(['countersign', 'status']);
    expect(await status.exited).toBe(2);
    expect(status.lines.join('\n')).toContain('does not answer');
  });

  it('reads the config where Cloud Run mounts it', async () => {
    const checked = start(['countersign', 'config', 'check']);
    expect(await checked.exited).toBe(0);
    expect(checked.lines.join('\n')).toContain('/etc/countersign/config/countersign.yaml: ok');
  });

  it('is ended by Ctrl-C, as process 1 too', async () => {
    const events = start(['countersign', 'wait', 'registry.example/a:v1', '--timeout', '10m']);
    await waitForText(events, 'does not answer');
    expect(await events.stop()).toBe(143);
  });
});

describe('a container', () => {
  it.each([[[]], [['nothing']], [['chunks']], [['../push']]])(
    'with the arguments %j says which there are, and exits',
    async (args) => {
      const container = start(args);
      expect(await container.exited).toBe(1);
      expect(container.lines).toEqual([
        expect.objectContaining({ code: 'bad-config', error: expect.stringContaining('push') }),
      ]);
    },
  );
});

async function waitForText(container: Container, text: string): Promise<void> {
  await vi.waitUntil(() => container.lines.some((found) => String(found).includes(text)), PATIENCE);
}
