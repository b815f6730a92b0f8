import type { JWTPayload } from 'jose';
import { CLOCK_SKEW_SECONDS, MAX_TOKEN_LIFE_SECONDS } from './limits.ts';
import { unauthenticated } from './token.ts';

/**
 * Checks the times of a token (RFC 7519, section 4.1) in seconds: it has `iat` and `exp`, was issued before now, lives
 * no longer than Google's do, is valid already where it has `nbf`, and has not expired; clocks may be
 * `CLOCK_SKEW_SECONDS` apart. Throws `unauthenticated`.
 */
export function checkTimes({ iat, nbf, exp }: JWTPayload, now: Date): void {
  const seconds = now.getTime() / 1000;
  if (typeof exp !== 'number' || !Number.isFinite(exp) || exp + CLOCK_SKEW_SECONDS <= seconds) {
    throw unauthenticated('The token has expired');
  }
  if (typeof iat !== 'number' || !Number.isFinite(iat)) {
    throw unauthenticated('The token does not say when it was issued');
  }
  if (iat - CLOCK_SKEW_SECONDS > seconds) {
    throw unauthenticated('The token was issued in the future: compare the clocks');
  }
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf - CLOCK_SKEW_SECONDS <= seconds)) {
    throw unauthenticated('The token is not valid yet');
  }
  if (exp - iat > MAX_TOKEN_LIFE_SECONDS) throw unauthenticated('The token lives too long');
}
