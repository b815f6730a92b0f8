import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createContentReader } from '#shared/content/read-content.ts';
import { DEFAULT_CONTENT } from '#shared/core/content.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import { listLayers } from '#shared/registry/list-layers.ts';
import type { LayerList } from '#shared/registry/registry.ts';
import { digestOf, REPOSITORY } from '#test/fixtures/content-world.ts';
import { tarOf, yamlAt } from '#test/fixtures/tar-builder.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';

/** Held: it passes when a test says so. */
const HELD_MS = 54_321;

const LAYER = gzipSync(tarOf(yamlAt('a.yaml')));
const IMAGE = { repository: REPOSITORY, digest: digestOf('image') };

interface Served {
  readonly bytes?: Uint8Array;
  readonly size?: number;
}

/** A reader over one layer, whose bytes and size need not be those of its digest; and what was asked for. */
function readerOver({ bytes = LAYER, size = LAYER.length }: Served = {}) {
  const asked: string[] = [];
  const layers = [{ digest: digestOf(LAYER), size }];
  const reader = createContentReader({
    layersOf: async (): Promise<LayerList> => ({ status: 'listed', type: 'oci', layers }),
    blobs: {
      async open(_, digest) {
        asked.push(digest);
        return piecesOf(bytes);
      },
    },
  });
  return { reader, asked };
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (const byte of bytes) yield Uint8Array.of(byte);
}

describe('a layer', () => {
  it('of other bytes than its digest says is no verdict, whatever it holds', async () => {
    for (const bytes of [gzipSync(tarOf(yamlAt('b.yaml'))), Buffer.from('kind: None')]) {
      const read = readerOver({ bytes }).reader.read(IMAGE, DEFAULT_CONTENT);
      await expect(read).rejects.toMatchObject({ code: 'registry-misbehaved', retry: true });
    }
  });

  it.each([LAYER.length - 1, LAYER.length + 1])(
    'that is said to have %i bytes is refused, for Config Sync stops reading it',
    async (size) => {
      const content = await readerOver({ size }).reader.read(IMAGE, DEFAULT_CONTENT);
      expect(content).toMatchObject({ status: 'unusable', reason: 'not-an-image' });
    },
  );

  it('that is too large by what the manifest says is not asked for', async () => {
    const { reader, asked } = readerOver();
    const content = await reader.read(IMAGE, { ...DEFAULT_CONTENT, maxBytes: LAYER.length - 1 });
    expect(content).toMatchObject({ status: 'unusable', reason: 'too-large' });
    expect(asked).toEqual([]);
  });

  it('that is absent is asked for again', async () => {
    let blob: Uint8Array | undefined;
    const reader = createContentReader({
      layersOf: async () => ({
        status: 'listed',
        type: 'oci',
        layers: [{ digest: digestOf(LAYER), size: LAYER.length }],
      }),
      blobs: { open: async () => blob && piecesOf(blob) },
    });
    const absent = await reader.read(IMAGE, DEFAULT_CONTENT);
    expect(absent).toMatchObject({ status: 'unusable', reason: 'digest-absent' });
    blob = LAYER;
    expect(await reader.read(IMAGE, DEFAULT_CONTENT)).toMatchObject({ status: 'read' });
  });
});

describe('a reading', () => {
  it('is shared by all who ask, and remembered', async () => {
    const { reader, asked } = readerOver();
    await Promise.all([1, 2, 3].map(() => reader.read(IMAGE, DEFAULT_CONTENT)));
    await reader.read(IMAGE, { ...DEFAULT_CONTENT, empty: 'allow', timeoutMs: 1_000 });
    expect(asked).toHaveLength(1);
  });

  it('does not outlive its bounds, nor count for another repository', async () => {
    const { reader, asked } = readerOver();
    await reader.read(IMAGE, DEFAULT_CONTENT);
    const tight = await reader.read(IMAGE, { ...DEFAULT_CONTENT, maxUnpackedBytes: 1_024 });
    expect(tight).toMatchObject({ reason: 'too-large' });
    await reader.read({ ...IMAGE, repository: `${REPOSITORY}-2` }, DEFAULT_CONTENT);
    expect(asked).toHaveLength(3);
  });

  it('that fails is not remembered', async () => {
    let fails = true;
    const good = readerOver();
    const reader = createContentReader({
      layersOf: async () => {
        if (fails) throw new Error('Down');
        return {
          status: 'listed',
          type: 'oci',
          layers: [{ digest: digestOf(LAYER), size: LAYER.length }],
        };
      },
      blobs: { open: async () => piecesOf(LAYER) },
    });
    await expect(reader.read(IMAGE, DEFAULT_CONTENT)).rejects.toThrow('Down');
    fails = false;
    expect(await reader.read(IMAGE, DEFAULT_CONTENT)).toMatchObject({ status: 'read' });
    expect(good.asked).toEqual([]);
  });
});

describe('over HTTP', () => {
  const open = new Set<() => void>();
  afterEach(() => {
    for (const close of open) close();
    open.clear();
  });

  async function serve(blob: RequestListener) {
    const config = {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestOf('{}'),
      size: 2,
    };
    const layer = { mediaType: 'text/plain', digest: digestOf(LAYER), size: LAYER.length };
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] });
    const server = createServer((req, res) => {
      if (!(req.url ?? '').includes('/manifests/')) return blob(req, res);
      res.setHeader('content-type', mediaType).end(manifest);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const host = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    open.add(() => {
      server.closeAllConnections();
      server.close();
    });
    const registry = createRegistry({
      fetch,
      registries: [{ host, plainHttp: true, auth: 'none' }],
      now: () => new Date(),
      googleToken: () => Promise.reject(new Error('No token in tests')),
      dockerConfig: async () => '{}',
    });
    const reader = createContentReader({
      blobs: registry,
      layersOf: ({ repository, digest }) => listLayers(registry, repository, digest),
    });
    return {
      reader,
      image: { repository: `${host}/configs/platform`, digest: digestOf(manifest) },
    };
  }

  it('reads a layer whatever its media type says', async () => {
    const { reader, image } = await serve((_, res) => res.end(LAYER));
    expect(await reader.read(image, DEFAULT_CONTENT)).toMatchObject({ status: 'read' });
  });

  it('is over in time with a registry that stops in the middle, and hangs up', async () => {
    const [asked, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { reader, image } = await serve((_, res) => {
      res.on('close', left.resolve).writeHead(200, { 'content-length': LAYER.length });
      res.write(LAYER.subarray(0, 50), () => asked.resolve());
    });
    using deadline = holdTimers(HELD_MS);
    const read = reader.read(image, { ...DEFAULT_CONTENT, timeoutMs: HELD_MS });
    const failing = read;
    await asked.promise;
    deadline.pass();
    await expect(failing).rejects.toMatchObject({ code: 'deadline-exceeded', retry: true });
    await left.promise;
  });

  it('hangs up on what is more than it reads', async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    let sent = 0;
    const { reader, image } = await serve((_, res) => {
      const more = (): boolean => {
        sent += 65_536;
        return res.write(Buffer.alloc(65_536));
      };
      const pour = (): void => {
        while (!res.destroyed && more());
        res.once('drain', pour);
      };
      res.on('close', resolve).on('error', () => undefined);
      pour();
    });
    const content = await reader.read(image, { ...DEFAULT_CONTENT, maxBytes: 1024 * 1024 });
    expect(content).toMatchObject({ status: 'unusable' });
    await left;
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('cannot be checked where the connection is cut', async () => {
    const { reader, image } = await serve((_, res) => {
      res.writeHead(200, { 'content-length': LAYER.length }).write(LAYER.subarray(0, 50));
      setImmediate(() => res.destroy());
    });
    const read = reader.read(image, DEFAULT_CONTENT);
    await expect(read).rejects.toMatchObject({ code: 'registry-unavailable', retry: true });
  });
});

describe('the layers of an image', () => {
  it('are asked for ahead of their turn, and the first that is wrong in order counts', async () => {
    const layers = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => tarOf(yamlAt(`${name}.yaml`)));
    const asked: number[] = [];
    const answers = layers.map(() =>
      Promise.withResolvers<AsyncIterable<Uint8Array> | undefined>(),
    );
    const digests = layers.map((bytes) => digestOf(bytes));
    const reader = createContentReader({
      layersOf: async () => ({
        status: 'listed',
        type: 'oci',
        layers: layers.map((bytes) => ({ digest: digestOf(bytes), size: bytes.length })),
      }),
      blobs: {
        open(_, digest) {
          const at = digests.indexOf(digest);
          asked.push(at);
          return answers[at]?.promise ?? Promise.resolve(undefined);
        },
      },
    });
    const content = reader.read(IMAGE, DEFAULT_CONTENT);
    // The second to be read fails before the first has answered, and is not the first to be missed.
    answers[4]?.reject(new Error('Down'));
    answers[5]?.resolve(undefined);
    expect(await content).toMatchObject({ status: 'unusable', reason: 'digest-absent' });
    expect(asked).toEqual([5, 4, 3, 2]);
  });
});
