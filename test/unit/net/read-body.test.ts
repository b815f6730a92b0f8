import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readBody, readStart } from '#shared/net/read-body.ts';
import { startScripted } from '#test/unit/fleet/scripted-server.ts';

const LIMIT = 1_000;
const TOO_LARGE = { code: 'too-large', retry: false, message: `It is larger than ${LIMIT} bytes` };

async function* chunks(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size).fill(120);
}

describe('a body', () => {
  it.each([
    ['absent', undefined, 0],
    ['null', null, 0],
    ['empty', chunks(), 0],
    ['of one byte', chunks(1), 1],
    ['as large as allowed, in pieces', chunks(400, 0, 600), LIMIT],
  ])('that is %s is read to its end', async (_, body, size) => {
    expect(await readBody(body, LIMIT, 'It')).toHaveLength(size);
  });

  it.each([
    ['by one byte', [LIMIT, 1]],
    ['in its first piece', [LIMIT * 10]],
  ])('that is too large %s is refused, or cut at the limit', async (_, sizes) => {
    await expect(readBody(chunks(...sizes), LIMIT, 'It')).rejects.toMatchObject(TOO_LARGE);
    const { bytes, cut } = await readStart(chunks(...sizes), LIMIT);
    expect([bytes.length, cut]).toEqual([LIMIT, true]);
  });

  it('that never ends is left as soon as it is too large', async () => {
    let taken = 0;
    let left = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          taken += 1;
          yield new Uint8Array(300);
        }
      } finally {
        left = true;
      }
    }
    await expect(readBody(endless(), LIMIT, 'It')).rejects.toMatchObject(TOO_LARGE);
    expect([taken, left]).toEqual([4, true]);
  });

  it('that breaks off throws what broke it', async () => {
    const failure = new Error('broken');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
      throw failure;
    }
    await expect(readBody(broken(), LIMIT, 'It')).rejects.toBe(failure);
  });
});

describe('a body over HTTP', () => {
  it('is counted, whatever Content-Length says', async () => {
    const server = await startScripted((response) => {
      response.writeHead(200, { 'content-length': '100000' });
      response.write('x'.repeat(LIMIT + 1));
    });
    const { body } = await fetch(server.url);
    await expect(readBody(body, LIMIT, 'It')).rejects.toMatchObject(TOO_LARGE);
  });

  it('is not taken for whole where it is shorter than Content-Length says', async () => {
    const server = await startScripted((response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('x', () => response.destroy());
    });
    const { body } = await fetch(server.url);
    await expect(readBody(body, LIMIT, 'It')).rejects.toBeInstanceOf(TypeError);
  });

  it('is counted as it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    const server = await startScripted((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    const { body } = await fetch(server.url);
    await expect(readBody(body, LIMIT, 'It')).rejects.toMatchObject(TOO_LARGE);
  });
});
