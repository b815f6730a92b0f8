import { describe, expect, it } from 'vitest';
import type { Digest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { createCachedRegistry } from '#shared/registry/cached-registry.ts';
import type { Registry } from '#shared/registry/registry.ts';
import { codeOf, sha256 } from './scripted-registry.ts';

const A = sha256('a');
const B = sha256('b');
const C = sha256('c');

/** Serves 100 bytes for anything, counts what was asked, and can be held back or made to fail. */
function counting() {
  const asked: string[] = [];
  const bytes = new Uint8Array(100);
  let answer: () => Promise<Uint8Array | undefined> = async () => bytes;
  const registry: Registry = {
    async manifest(repository, reference) {
      asked.push(`${repository} ${reference}`);
      const found = await answer();
      return found && { digest: A, mediaType: 'x', bytes: found, date: '2026-11-22T05:00:00Z' };
    },
    async blob(repository, digest, maxBytes) {
      asked.push(`${repository} ${digest} ${maxBytes}`);
      const found = await answer();
      if (found && found.length > maxBytes) throw new CountersignError('too-large', 'x');
      return found;
    },
    async referrers(repository, digest) {
      asked.push(`${repository} ${digest}`);
      return { descriptors: [], complete: true, unreadable: 0 };
    },
  };
  return {
    registry,
    asked,
    answerWith: (next: () => Promise<Uint8Array | undefined>): void => {
      answer = next;
    },
  };
}

describe('createCachedRegistry()', () => {
  it('fetches a digest once per repository', async () => {
    const { registry, asked } = counting();
    const cached = createCachedRegistry(registry);
    for (const repository of ['r/a', 'r/a', 'r/b']) {
      await cached.manifest(repository, A);
      await cached.blob(repository, B, 100);
    }
    expect(asked).toEqual([`r/a ${A}`, `r/a ${B} 100`, `r/b ${A}`, `r/b ${B} 100`]);
  });

  it('asks for tags and referrers every time, and shares no request for them', async () => {
    const { registry, asked } = counting();
    const cached = createCachedRegistry(registry);
    await Promise.all([cached.manifest('r/a', 'v1'), cached.manifest('r/a', 'v1')]);
    await Promise.all([cached.referrers('r/a', A), cached.referrers('r/a', A)]);
    expect(asked).toHaveLength(4);
  });

  it('keeps what a tag led to under its digest, for that repository', async () => {
    const { registry, asked, answerWith } = counting();
    const cached = createCachedRegistry(registry);
    const tagged = await cached.manifest('r/a', 'v1');
    expect(await cached.manifest('r/a', A)).toBe(tagged);
    await cached.manifest('r/b', A);
    answerWith(async () => undefined);
    expect(await cached.manifest('r/a', 'v2')).toBeUndefined();
    expect(asked).toEqual(['r/a v1', `r/b ${A}`, 'r/a v2']);
  });

  it('shares one request among those who ask at once', async () => {
    const { registry, asked } = counting();
    const cached = createCachedRegistry(registry);
    const both = await Promise.all([cached.blob('r/a', A, 100), cached.blob('r/a', A, 100)]);
    expect(asked).toHaveLength(1);
    expect(both[0]).toBe(both[1]);
  });

  it('remembers neither absence nor failure', async () => {
    const { registry, asked, answerWith } = counting();
    const cached = createCachedRegistry(registry);
    answerWith(() => Promise.reject(new CountersignError('registry-unavailable', 'x')));
    const failed = [cached.blob('r/a', A, 100), cached.blob('r/a', A, 100)];
    expect(await Promise.all(failed.map(codeOf))).toEqual(Array(2).fill('registry-unavailable'));
    answerWith(async () => undefined);
    expect(await cached.blob('r/a', A, 100)).toBeUndefined();
    answerWith(async () => new Uint8Array(1));
    expect(await cached.blob('r/a', A, 100)).toHaveLength(1);
    expect(asked).toHaveLength(3);
  });

  it('gives no caller more than it asked for', async () => {
    const { registry, asked } = counting();
    const cached = createCachedRegistry(registry);
    const at = (limit: number): Promise<string> => codeOf(cached.blob('r/a', A, limit));
    expect(await Promise.all([at(99), at(100)])).toEqual(['too-large', 'none']);
    expect(await at(99)).toBe('too-large');
    expect(asked).toHaveLength(2);
  });

  it('keeps no more bytes than it may', async () => {
    const { registry, asked } = counting();
    // Half of it is for blobs: two of 100 bytes and what an entry costs.
    const cached = createCachedRegistry(registry, { maxBytes: 2 * 2 * 612 });
    const ask = (digest: Digest): Promise<unknown> => cached.blob('r/a', digest, 100);
    for (const digest of [A, B, A, C, A, B]) await ask(digest);
    expect(asked.map((line) => line.split(' ')[1])).toEqual([A, B, C, B]);
  });
});
