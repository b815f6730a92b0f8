import { createHash, timingSafeEqual } from 'node:crypto';
import type { CallerAccess, ReviewerAccess } from '#shared/config/config.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { checkLoopbackCaller, requireLoopback } from '#shared/http/access.ts';
import type { AdmissionEnv } from '#shared/http/admission-env.ts';

/** Who asks for a review: its headers, and what stands behind `/validate/` in the address. */
export interface Reviewer {
  readonly headers: Headers;
  readonly secret?: string;
}

/** Throws `unauthenticated`, `forbidden` or `key-unavailable`. */
export type CheckReviewer = (reviewer: Reviewer) => Promise<void>;

/** As many as `openssl rand -hex 16` writes: a shorter word can be guessed. */
const MIN_SECRET = 32;

/**
 * Who may ask for reviews. API servers show no identity unless they are configured so, and managed ones cannot be: so `none`
 * is legal behind this server's own TLS too, and `path` takes a secret in the one thing that every API server sends
 * (docs/adr/0013). What checks tokens is loaded where it is needed. Throws `bad-config`.
 *
 * @example
 * const checkReviewer = await openReviewers(config.access.admission, { admission, now });
 */
export async function openReviewers(
  access: ReviewerAccess,
  start: { readonly admission: Pick<AdmissionEnv, 'tls' | 'host'>; readonly now: () => Date },
): Promise<CheckReviewer> {
  if (access.mode === 'path') return async ({ secret }) => checkSecret(secret, access.sha256);
  const { tls, host } = start.admission;
  const check = await openCallers(access, tls !== undefined, host, start.now);
  return async ({ headers, secret }) => {
    if (secret !== undefined) throw forbidden();
    await check(headers);
  };
}

async function openCallers(
  access: CallerAccess,
  encrypted: boolean,
  host: string,
  now: () => Date,
): Promise<(headers: Headers) => Promise<unknown>> {
  if (access.mode !== 'none') {
    const { createCallerCheck } = await import('#shared/http/check-caller.ts');
    return createCallerCheck(access, { host, now });
  }
  if (encrypted) return async () => undefined;
  requireLoopback(host);
  return checkLoopbackCaller;
}

/** In constant time: both sides are hashes of one length. */
function checkSecret(secret: string | undefined, accepted: readonly string[]): void {
  if (secret === undefined || secret.length < MIN_SECRET) throw forbidden();
  const hash = createHash('sha256').update(secret).digest();
  const known = accepted.some((hex) => timingSafeEqual(hash, Buffer.from(hex, 'hex')));
  if (!known) throw forbidden();
}

function forbidden(): CountersignError {
  return new CountersignError('forbidden', 'Reviews are not answered at this address');
}
