import { readFile, writeFile } from 'node:fs/promises';
import { type ServerType, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { BUNDLES, type TestWorld, startTestWorld } from '#test/fixtures/local-world.ts';
import { publishSigned, withoutEvents } from '#test/fixtures/world-story.ts';
import { type DoomedFunctions, takeOver } from '#test/faults/real/doomed-functions.ts';
import type { Emulator } from './tools/emulator.ts';
import { runProcess } from './tools/process.ts';
import { startPubsubEmulator } from './tools/pubsub-emulator.ts';
import { SELDOM } from '#test/patience.ts';

const Letters = z.array(z.object({ code: z.string(), fate: z.string(), reason: z.string() }));

let emulator: Emulator;
let world: TestWorld;
let functions: DoomedFunctions;
/** Another way to the same registry, which may refuse. */
let door: ServerType;
let host: string;
/** Whether the registry refuses Countersign. */
let locked = true;

beforeAll(async () => {
  emulator = await startPubsubEmulator();
  world = await startTestWorld({ pubsubHost: emulator.host, clusters: 1 });
  const app = new Hono();
  app.all('*', (c) => {
    if (locked)
      return Promise.resolve(Response.json({ errors: [{ code: 'DENIED' }] }, { status: 403 }));
    const { pathname, search } = new URL(c.req.url);
    return fetch(`http://${world.registry}${pathname}${search}`, {
      method: c.req.method,
      headers: { accept: c.req.header('accept') ?? '*/*' },
    });
  });
  host = await new Promise<string>((resolve) => {
    door = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
      resolve(`127.0.0.1:${port}`),
    );
  });
  const config = await readFile(world.files.config, 'utf8');
  const second = config
    .replace('registries:\n', `registries:\n  - { host: "${host}", plainHttp: true, auth: none }\n`)
    .replace('images:\n', `images:\n  - { match: "${host}/configs/**", trust: release }\n`);
  await writeFile(world.files.config, second);
  functions = takeOver(world, BUNDLES, {});
  await functions.kill('push');
});
afterAll(async () => {
  await functions?.stop();
  await world?.stop();
  door?.close();
  await emulator?.close();
});

async function deadLetters(...args: readonly string[]): Promise<z.infer<typeof Letters>> {
  const { code, stdout, stderr } = await runProcess({
    command: process.execPath,
    args: ['functions/cli/main.ts', 'letters', ...args, '--json', '--config', world.files.config],
    env: { PUBSUB_EMULATOR_HOST: emulator.host, METADATA_SERVER_DETECTION: 'none' },
  });
  if (code !== 0) throw new Error(`dead-letters ${args.join(' ')} exited ${code}: ${stderr}`);
  return Letters.parse(JSON.parse(stdout));
}

describe("dead letters on Google's emulator", () => {
  it('of a registry that refuses us come once, and replay once it does not', async () => {
    const digest = await withoutEvents(world, () => publishSigned(world, 'a: 1\n'));
    const repository = `${host}/configs/platform`;
    const event = {
      action: 'INSERT',
      digest: `${repository}@${digest}`,
      tag: `${repository}:v1`,
    };
    await world.pubsub.publish('gcr', event);
    const kept = await vi.waitFor(async () => {
      const letters = await deadLetters('list');
      expect(letters).toHaveLength(1);
      return letters;
    }, SELDOM);
    expect(kept).toMatchObject([{ code: 'registry-denied', fate: 'listed' }]);

    locked = false;
    expect(await deadLetters('replay')).toMatchObject([{ fate: 'replayed' }]);
    await vi.waitFor(async () => {
      const types = (await world.events())
        .filter(({ attributes }) => attributes['image'] === repository)
        .map(({ attributes }) => attributes['type']);
      expect(types).toContain('image.verified');
    }, SELDOM);
    expect(await deadLetters('replay')).toEqual([]);
    expect(await deadLetters('list')).toEqual([]);
  });

  it('of poison come once, with their reason, come back when replayed, and go when dropped', async () => {
    async function one(): Promise<void> {
      await vi.waitFor(async () => {
        expect(await deadLetters('list')).toMatchObject([
          { code: 'bad-request', reason: expect.stringContaining('tag') },
        ]);
      }, SELDOM);
    }
    await world.pubsub.publish('gcr', { action: 'INSERT', tag: 'not a reference' });
    await one();
    expect(await deadLetters('replay')).toMatchObject([{ fate: 'replayed' }]);
    await one();
    expect(await deadLetters('drop', '--all')).toMatchObject([{ fate: 'dropped' }]);
    expect(await deadLetters('list')).toEqual([]);
  });
});
