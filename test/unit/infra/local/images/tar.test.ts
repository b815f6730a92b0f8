import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { tarOf } from '#infra/local/images/push-image.ts';

describe('tarOf()', () => {
  it.each(['', 'a', 'x'.repeat(511), 'x'.repeat(512), 'x'.repeat(513)])(
    'writes what tar reads',
    (content) => {
      const input = tarOf('a.yaml', Buffer.from(content));
      expect(input.length % 512).toBe(0);
      expect(execFileSync('tar', ['tf', '-'], { input }).toString()).toBe('a.yaml\n');
      expect(execFileSync('tar', ['xOf', '-', 'a.yaml'], { input }).toString()).toBe(content);
    },
  );

  it('is the same each time', () => {
    expect(tarOf('a', Buffer.from('b'))).toEqual(tarOf('a', Buffer.from('b')));
  });

  it('refuses a name that does not fit', () => {
    expect(() => tarOf('a'.repeat(101), Buffer.alloc(0))).toThrow('too long');
    expect(tarOf('a'.repeat(100), Buffer.alloc(0)).length).toBe(1536);
  });
});
