import { createRemoteJWKSet, customFetch, decodeJwt, errors, jwtVerify } from 'jose';
import type { FetchImplementation, JWTPayload } from 'jose';
import { CountersignError } from '#shared/core/errors.ts';
import {
  CLOCK_SKEW_SECONDS,
  JWKS_COOLDOWN_MS,
  JWKS_MAX_AGE_MS,
  JWKS_TIMEOUT_MS,
} from './limits.ts';
import { checkTimes, unauthenticated, wrongClaim } from './token.ts';

/** Who signs, and where its keys are. */
export interface Issuer {
  /** Accepted `iss` claims, compared exactly. */
  readonly names: readonly string[];
  readonly jwksUrl: string;
  readonly algorithms: readonly ('RS256' | 'ES256')[];
}

/** ID tokens of Google accounts and service accounts: Pub/Sub push, Cloud Scheduler, `gcloud auth print-identity-token`. */
export const GOOGLE: Issuer = {
  names: ['https://accounts.google.com', 'accounts.google.com'],
  jwksUrl: 'https://www.googleapis.com/oauth2/v3/certs',
  algorithms: ['RS256', 'ES256'],
};

/** The signed header of Identity-Aware Proxy. */
export const IAP: Issuer = {
  names: ['https://cloud.google.com/iap'],
  jwksUrl: 'https://www.gstatic.com/iap/verify/public_key-jwk',
  algorithms: ['ES256'],
};

/** Faults of the token, by the code of jose's error, in fixed words. */
const FAULTS: Readonly<Record<string, string>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'The token is signed with an algorithm that is not accepted',
  ERR_JOSE_NOT_SUPPORTED: 'The token is signed with an algorithm that is not accepted',
  ERR_JWKS_NO_MATCHING_KEY: 'The token is signed with a key that its issuer does not publish',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'The token does not name its key',
  ERR_JWS_INVALID: 'The token is malformed',
  ERR_JWT_INVALID: 'The token is malformed',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'The signature of the token is not valid',
};

export type VerifyToken = (token: string, audience: string) => Promise<JWTPayload>;

/**
 * Checks signature, algorithm, issuer, audience and times of a token; keys are fetched once and kept. Throws
 * `unauthenticated` when the token is at fault, `key-unavailable` when the issuer's keys cannot be had.
 *
 * @example
 * const claims = await createTokenVerifier(GOOGLE, { now })(token, audience);
 */
export function createTokenVerifier(
  issuer: Issuer,
  { now, fetch }: { readonly now: () => Date; readonly fetch?: FetchImplementation },
): VerifyToken {
  const keys = createRemoteJWKSet(new URL(issuer.jwksUrl), {
    timeoutDuration: JWKS_TIMEOUT_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    cacheMaxAge: JWKS_MAX_AGE_MS,
    ...(fetch && { [customFetch]: fetch }),
  });
  return async function verifyToken(token, audience) {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: [...issuer.names],
        audience,
        algorithms: [...issuer.algorithms],
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: now(),
        requiredClaims: ['exp', 'iat', 'email'],
      });
      checkTimes(payload, now());
      return payload;
    } catch (error) {
      if (error instanceof CountersignError) throw error;
      const isClaim =
        error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired;
      if (isClaim) {
        const expected: Record<string, string> = { aud: audience, iss: issuer.names.join(' or ') };
        throw wrongClaim(error.claim, expected[error.claim]);
      }
      const fault = error instanceof errors.JOSEError ? FAULTS[error.code] : undefined;
      if (fault !== undefined) throw unauthenticated(fault);
      const message = `Keys of ${issuer.names[0]} cannot be read from ${issuer.jwksUrl}`;
      throw new CountersignError('key-unavailable', message, { cause: error });
    }
  };
}

/** What Cloud Run writes in place of a signature that it has checked (docs/facts/google-cloud.md#tokens). */
const STRIPPED = 'SIGNATURE_REMOVED_BY_GOOGLE';

/**
 * Claims of a token whose signature Cloud Run checked and then removed. That mark is no proof by itself: it is worth
 * what the invoker check in front of us is worth, so this mode is only for services that no identity may invoke but the
 * push identity. A token that still has its signature was *not* checked by Cloud Run (the check is off, or another
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
  let claims: JWTPayload;
  try {
    claims = decodeJwt(token);
  } catch {
    throw unauthenticated('The token is malformed');
  }
  if (!issuer.names.some((name) => name === claims.iss)) {
    throw wrongClaim('iss', issuer.names.join(' or '));
  }
  checkTimes(claims, now);
  return claims;
}
