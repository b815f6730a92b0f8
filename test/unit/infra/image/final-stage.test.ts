import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readFinalStage } from '#infra/build/image/assemble.ts';
import { COMPILE_CACHE, IMAGE_USER } from '#infra/build/image/stage-rootfs.ts';

const DOCKERFILE = readFileSync('infra/image/Dockerfile', 'utf8');
const DIGEST = `sha256:${'a'.repeat(64)}`;
const BASE = `example.com/base@${DIGEST}`;
const SMALL = `ARG BASE=${BASE}\nFROM builder AS build\nRUN make\nFROM \${BASE}\n`;

describe('readFinalStage()', () => {
  it('reads our Dockerfile', () => {
    const stage = readFinalStage(DOCKERFILE, { REVISION: 'abc' });
    expect(stage.base).toMatch(/^gcr\.io\/distroless\/cc-debian12:nonroot@sha256:/);
    expect(stage.user).toBe(`${IMAGE_USER}:${IMAGE_USER}`);
    expect(stage.entrypoint).toEqual([
      '/nodejs/bin/node',
      '--min-semi-space-size=16',
      '/app/start.js',
    ]);
    expect(stage.labels['org.opencontainers.image.revision']).toBe('abc');
    expect(stage.env.NODE_COMPILE_CACHE).toBe(`/app/${COMPILE_CACHE}`);
    expect(stage.env.NODE_OPTIONS).toMatch(/^--max-old-space-size=\d+ --max-semi-space-size=\d+$/);
    expect(stage.copies.map(({ to }) => to)).toEqual(['/nodejs', '/app']);
  });

  it('takes arguments before their defaults', () => {
    const other = `example.com/other@${DIGEST}`;
    expect(readFinalStage(SMALL, { BASE: other }).base).toBe(other);
    expect(readFinalStage(SMALL).base).toBe(BASE);
    expect(readFinalStage(DOCKERFILE).labels['org.opencontainers.image.revision']).toBe('unknown');
  });

  it.each(['example.com/base', 'example.com/base:nonroot', 'example.com/base@sha256:abc', ''])(
    'refuses the base %j, which is not pinned',
    (base) => {
      expect(() => readFinalStage(SMALL, { BASE: base })).toThrow('pinned by digest');
    },
  );

  it.each(['RUN rm -rf /', 'ADD a b', 'COPY a b', 'COPY --from=other /out/rootfs/a /a', 'CMD x'])(
    'refuses %s, which it could not put together',
    (instruction) => {
      expect(() => readFinalStage(`${SMALL}${instruction}\n`)).toThrow(instruction);
    },
  );
});

describe('the Dockerfile', () => {
  it('starts only from images that are pinned', () => {
    const froms = DOCKERFILE.match(/^FROM \S+/gm) ?? [];
    expect(froms).toEqual(['FROM ${BUILDER}', 'FROM ${BASE}']);
    const pinned = DOCKERFILE.match(/^ARG (?:BUILDER|BASE)=\S+@sha256:[0-9a-f]{64}$/gm);
    expect(pinned).toHaveLength(2);
  });
});
