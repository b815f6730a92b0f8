import { describe, expect, it } from 'vitest';
import { MAX_IMAGES, MAX_TAGS } from '#shared/records/schema.ts';
import { createRoom } from '#shared/rollouts/room.ts';

function tags(repository: string, count: number): { readonly image: string }[] {
  return Array.from({ length: count }, (_, n) => ({ image: `${repository}:v${n}` }));
}

describe('createRoom()', () => {
  it('leaves room for others, whatever one repository has', () => {
    const room = createRoom(tags('r.example/a', MAX_TAGS));
    expect(room.take('r.example/a:one-more')).toBe(false);
    expect(room.take('r.example/a:v0')).toBe(true);
    expect(room.take('r.example/a/b:v1')).toBe(true);
  });

  it('counts what is taken', () => {
    const room = createRoom(tags('r.example/a', MAX_TAGS - 1));
    expect(room.take('r.example/a:last')).toBe(true);
    expect(room.take('r.example/a:last')).toBe(true);
    expect(room.take('r.example/a:one-more')).toBe(false);
  });

  it('ends with what the records hold', () => {
    const all = Array.from({ length: MAX_IMAGES / MAX_TAGS }, (_, n) =>
      tags(`r.example/${n}`, MAX_TAGS),
    );
    const room = createRoom(all.flat());
    expect(room.take('r.example/other:v1')).toBe(false);
    expect(room.take('r.example/0:v0')).toBe(true);
  });
});
