import type { FetchImplementation } from 'jose';
import { type Access, type CheckCaller, checkLoopbackCaller, requireLoopback } from './access.ts';
import { bearerToken, callerOf, iapAssertion } from './token.ts';
import {
  createTokenVerifier,
  GOOGLE,
  IAP,
  type Issuer,
  readStrippedToken,
} from './verify-token.ts';

export interface CheckCallerDeps {
  /** The address that is listened on. */
  readonly host: string;
  readonly now: () => Date;
  /** Other than Google's only in tests and the local world. */
  readonly issuer?: Issuer;
  readonly fetch?: FetchImplementation;
}

/**
 * The check that `access` asks for. Throws `bad-config` where mode `none` would be reachable from outside.
 *
 * @example
 * const { email } = await createCallerCheck(config.access.push, { host, now })(request.headers);
 */
export function createCallerCheck(access: Access, deps: CheckCallerDeps): CheckCaller {
  if (access.mode === 'none') {
    requireLoopback(deps.host);
    return checkLoopbackCaller;
  }
  const issuer = deps.issuer ?? (access.mode === 'iap' ? IAP : GOOGLE);
  if (access.mode === 'iam') {
    return async function checkStrippedToken(headers) {
      const claims = readStrippedToken(bearerToken(headers), { headers, issuer, now: deps.now() });
      return callerOf(claims, access, true);
    };
  }
  const verify = createTokenVerifier(issuer, deps);
  // IAP's assertion has no email_verified claim: IAP itself signed the user in.
  const isIap = access.mode === 'iap';
  return async function checkToken(headers) {
    const token = isIap ? iapAssertion(headers) : bearerToken(headers);
    return callerOf(await verify(token, access.audience), access, !isIap);
  };
}
