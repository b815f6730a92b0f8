import { describe, expect, it } from 'vitest';
import { reasonOf } from '#shared/net/network-reason.ts';

function failed(code: unknown, cause?: unknown): Error {
  return Object.assign(new Error('secret text', { cause }), code === undefined ? {} : { code });
}

describe('reasonOf()', () => {
  it.each<[string, unknown, string]>([
    ['a code', failed('ECONNREFUSED'), ' (ECONNREFUSED)'],
    ['the innermost code', failed('UND_ERR', failed('ENOTFOUND')), ' (ENOTFOUND)'],
    ['a code within a failed fetch', failed(undefined, failed('ECONNRESET')), ' (ECONNRESET)'],
    ['a code of several attempts', new AggregateError([failed('ETIMEDOUT')]), ' (ETIMEDOUT)'],
    [
      'what a certificate lacks',
      failed(undefined, failed('CERT_HAS_EXPIRED')),
      ' (its certificate has expired: CERT_HAS_EXPIRED)',
    ],
    [
      'a private CA',
      failed('SELF_SIGNED_CERT_IN_CHAIN'),
      ' (its certificate is of a private CA, which is not trusted here: SELF_SIGNED_CERT_IN_CHAIN)',
    ],
    ['nothing where there is no code', failed(undefined), ''],
    ['nothing of a code that is no word', failed('a b\n'), ''],
    ['nothing of a number', failed(7), ''],
    ['nothing of no error', 'ECONNREFUSED', ''],
  ])('gives %s', (_, error, expected) => {
    expect(reasonOf(error)).toBe(expected);
  });

  it('ends with a chain that has no end', () => {
    const error = failed('EA');
    error.cause = error;
    expect(reasonOf(error)).toBe(' (EA)');
  });
});
