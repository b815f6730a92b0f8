import { describe, expect, it } from 'vitest';

import { decodeBase64 } from '#shared/trust/foreign-bytes.ts';

describe('decodeBase64()', () => {
  it('reads canonical base64', () => {
    expect(decodeBase64('AAECAw==')).toEqual(Buffer.from([0, 1, 2, 3]));
  });

  it.each([
    '',
    ' AAECAw==',
    'AAECAw==\n',
    'AAEC\nAw==',
    'AAECAw',
    'AAECAx==',
    'AAE!CAw==',
    '-_-_',
    '=',
  ])('refuses %j', (text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });
});
