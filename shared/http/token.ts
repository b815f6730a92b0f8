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
 * The caller that claims name; the issuer wrote them only if the signature was checked. The audience must be that one
 * string, not one of several. Throws `unauthenticated` for another audience, `forbidden` for an address that is not on
 * the list.
 */
export function callerOf(
  claims: JWTPayload,
  expected: { readonly audience: string; readonly emails: readonly string[] },
  needsVerifiedEmail: boolean,
): { readonly email: string } {
  if (claims.aud !== expected.audience) throw wrongClaim('aud', expected.audience);
  const { email } = claims;
  if (typeof email !== 'string') throw forbidden(claimText('email'));
  if (needsVerifiedEmail && claims.email_verified !== true) {
    throw forbidden(claimText('email_verified', 'true'));
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
    throw wrongClaim('exp');
  }
  if (typeof iat !== 'number' || !Number.isFinite(iat)) {
    throw wrongClaim('iat');
  }
  if (iat - CLOCK_SKEW_SECONDS > seconds) {
    throw wrongClaim('iat', 'a time in the past: compare the clocks');
  }
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf - CLOCK_SKEW_SECONDS <= seconds)) {
    throw wrongClaim('nbf');
  }
  if (exp - iat > MAX_TOKEN_LIFE_SECONDS) {
    throw wrongClaim('exp', `at most ${MAX_TOKEN_LIFE_SECONDS} seconds after iat`);
  }
}

/** What each claim must be, in words; what must be equal is named by the value that is expected. */
const EXPECTED: Readonly<Record<string, string>> = {
  exp: 'a time to come: the token has expired',
  iat: 'a time in the past',
  nbf: 'a time in the past: the token is not valid yet',
  email: 'an e-mail address: gcloud puts it in with --include-email',
};

/**
 * Names the claim that is wrong and what it must be, never what the token has. `expected` is not of the token: the
 * configured audience, the issuers, or fixed words; absent: those of `EXPECTED`. Code `unauthenticated`.
 */
export function wrongClaim(claim: string, expected?: string): CountersignError {
  return unauthenticated(claimText(claim, expected));
}

function claimText(claim: string, expected = EXPECTED[claim] ?? 'there'): string {
  return `Claim "${claim}" of the token must be ${expected}`;
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
