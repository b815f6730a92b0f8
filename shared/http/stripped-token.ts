import { decodeJwt } from 'jose';
import type { JWTPayload } from 'jose';
import { checkTimes } from './token-times.ts';
import { unauthenticated } from './token.ts';
import type { Issuer } from './verify-token.ts';

/** What Cloud Run writes in place of the signature of a token that it has checked (facts/google-cloud.md section 6). */
const STRIPPED = 'SIGNATURE_REMOVED_BY_GOOGLE';

/**
 * Claims of a token whose signature Cloud Run checked and then removed. That mark is no proof by itself: it is
 * worth what the invoker check in front of us is worth, so this mode is only for services that nobody may invoke but
 * the push identity. A token that still has its signature was *not* checked by Cloud Run (the check is off, or another
 * header was checked instead), and a request with `X-Serverless-Authorization` had that header checked instead of the
 * one we read: both are refused. Throws `unauthenticated`.
 */
export function readStrippedToken(
  token: string,
  { headers, issuer, now }: { headers: Headers; issuer: Issuer; now: Date },
): JWTPayload {
  if (headers.has('x-serverless-authorization')) {
    throw unauthenticated('X-Serverless-Authorization is not accepted in access mode iam');
  }
  if (token.split('.')[2] !== STRIPPED) {
    throw unauthenticated(
      'Cloud Run has not checked this token: turn its invoker check on, or set access mode verify',
    );
  }
  const claims = decode(token);
  if (!issuer.names.some((name) => name === claims.iss)) {
    throw unauthenticated('The issuer of the token is not accepted');
  }
  checkTimes(claims, now);
  return claims;
}

function decode(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    throw unauthenticated('The token is malformed');
  }
}
