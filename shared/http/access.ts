import { CountersignError } from '#shared/core/errors.ts';

/** How callers of one function are known: an entry of the config's `access`, its lists of e-mails joined. */
export type Access =
  | { readonly mode: 'none' }
  | {
      readonly mode: 'iam' | 'verify' | 'iap';
      /** Compared exactly: the audience of the subscription, the service's URL, or IAP's `/projects/…`. */
      readonly audience: string;
      /** Who may call; compared exactly. Empty: no caller. */
      readonly emails: readonly string[];
    };

/** Who calls. Without an e-mail only where `access` is `none`. */
export interface Caller {
  readonly email?: string;
}

/** Throws `unauthenticated` or `forbidden`, never with the token in it; `key-unavailable` when it cannot be checked. */
export type CheckCaller = (headers: Headers) => Promise<Caller>;

const LOOPBACK = new Set(['127.0.0.1', '::1', '[::1]', 'localhost']);

/** Refuses to start an open door on an address that others can reach. Throws `bad-config`. */
export function requireLoopback(host: string): void {
  if (LOOPBACK.has(host)) return;
  throw new CountersignError(
    'bad-config',
    `access mode none needs a loopback address, and HOST is ${host}: set another mode, or HOST=127.0.0.1`,
  );
}

/**
 * Accepts who reaches the loopback address by its own name. A web page that made its name resolve to 127.0.0.1 (DNS
 * rebinding) sends that name as Host, and is refused.
 */
export function checkLoopbackCaller(headers: Headers): Promise<Caller> {
  const host = headers.get('host');
  if (host === null || LOOPBACK.has(host.replace(/:[0-9]+$/, ''))) return Promise.resolve({});
  const message = 'Without access control only requests to a loopback name are answered';
  return Promise.reject(new CountersignError('forbidden', message));
}
