import { expect, it } from 'vitest';
import { toPem } from '#test/fixtures/pem.ts';

it.each([46, 48, 49, 96])('has no blank line over %d bytes', (length) => {
  const der = Buffer.alloc(length, 7);
  const [first, ...rest] = toPem('CERTIFICATE', der).split('\n');
  expect(first).toBe('-----BEGIN CERTIFICATE-----');
  expect(rest.slice(-2)).toEqual(['-----END CERTIFICATE-----', '']);
  const body = rest.slice(0, -2);
  expect(body.every((line) => line.length > 0 && line.length <= 64)).toBe(true);
  expect(Buffer.from(body.join(''), 'base64').equals(der)).toBe(true);
});
