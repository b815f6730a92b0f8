import type { JWTPayload } from 'jose';
import { CountersignError } from '#shared/core/errors.ts';
import { CLOCK_SKEW_SECONDS, MAX_TOKEN_CHARACTERS, MAX_TOKEN_LIFE_SECONDS } from './limits.ts';

/** The token in `Authorization: Bearer …`. Throws `unauthenticated`. */
export function bearerToken(headers: Headers): string {
  const [, token] = /^Bearer +([^ ]+)$/i.exec(headers.get('authorization') ?? '') ?? [];
  if (token === undefined)
    throw unauthenticated('Authorization: Bearer with an ID token is needed');
  return limited(token);
}

/** The assertion that IAP adds; IAP removes what a caller sent under that name. Throws `unauthenticated`. */
export function iapAssertion(headers: Headers): string {
  const assertion = headers.get('x-goog-iap-jwt-assertion');
  if (assertion === null) throw unauthenticated('The request did not come through IAP');
  return limited(assertion);
}

/**
 * The caller that claims name; the issuer wrote them only if the signature was checked. The audience must be that one string, not one of several. Throws
 * `unauthenticated` for a token with another audience, `forbidden` for an address that is not on the list.
 */
export function callerOf(
  claims: JWTPayload,
  expected: { readonly audience: string; readonly emails: readonly string[] },
  needsVerifiedEmail: boolean,
): { readonly email: string } {
  if (claims.aud !== expected.audience) throw unauthenticated('The token is for another audience');
  const { email } = claims;
  if (typeof email !== 'string') throw forbidden('The token names no e-mail address');
  if (needsVerifiedEmail && claims.email_verified !== true) {
    throw forbidden('The e-mail address of the token is not verified');
  }
  if (!expected.emails.includes(email)) throw forbidden('This identity may not call this function');
  return { email };
}

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

/** `reason` is fixed text: what libraries say of a token may repeat it. */
export function unauthenticated(reason: string): CountersignError {
  return new CountersignError('unauthenticated', reason);
}

function forbidden(reason: string): CountersignError {
  return new CountersignError('forbidden', reason);
}

function limited(token: string): string {
  if (token.length > MAX_TOKEN_CHARACTERS) throw unauthenticated('The token is too long');
  return token;
}
