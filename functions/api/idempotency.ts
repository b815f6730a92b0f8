import { createHash } from 'node:crypto';
import { CountersignError } from '#shared/core/errors.ts';

/** SHA-256 of what names a request, in hex: the same for the same parts. What is kept of it is cut by its reader. */
export function hashOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** What a caller is answered whose idempotency key stands for another request. */
export function keyWasUsed(): CountersignError {
  return new CountersignError(
    'bad-request',
    'header.idempotency-key: was used for another request',
  );
}
