import type { PeopleAccess } from '#shared/config/config.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { type CheckCallerDeps, createCallerCheck } from '#shared/http/check-caller.ts';

/** Who asks, and whether they may do more than look. */
export interface Person {
  /** E-mail address; `local` where no token is needed. */
  readonly name: string;
  /** May resync, and decide on roll-outs. */
  readonly mayInvoke: boolean;
  /** May open stages before their time as well, and send clusters to what was never completed. */
  readonly mayOverride: boolean;
}

/** Throws `unauthenticated`, `forbidden`, or `key-unavailable` when it cannot be checked. */
export type CheckPerson = (headers: Headers) => Promise<Person>;

/** Every caller of a function that listens on loopback only, and asks for no token. */
const LOCAL: Person = { name: 'local', mayInvoke: true, mayOverride: true };

/**
 * The check that `access.api` asks for: everyone named looks, invokers act too, and so do overriders. Throws
 * `bad-config`.
 *
 * @example
 * const checkPerson = createPersonCheck(config.access.api, { host: env.host, now });
 */
export function createPersonCheck(
  access: PeopleAccess | undefined,
  deps: CheckCallerDeps,
): CheckPerson {
  if (access === undefined) {
    throw new CountersignError('bad-config', 'access.api is missing: no caller may call api');
  }
  if (access.mode === 'none') {
    const check = createCallerCheck(access, deps);
    return async (headers) => {
      await check(headers);
      return LOCAL;
    };
  }
  const { mode, audience, viewers, invokers, approvers, overriders } = access;
  const emails = [...viewers, ...invokers, ...approvers, ...overriders];
  const check = createCallerCheck({ mode, audience, emails }, deps);
  return async (headers) => {
    const { email = '' } = await check(headers);
    const mayOverride = overriders.includes(email);
    return { name: email, mayInvoke: mayOverride || invokers.includes(email), mayOverride };
  };
}

/** Throws `forbidden` unless the person is an invoker. */
export function requireInvoker(person: Person): void {
  if (person.mayInvoke) return;
  throw new CountersignError(
    'forbidden',
    'This identity may look, and no more: access.api.invokers has those that may act',
  );
}

/** Throws `forbidden` unless the person is an overrider. */
export function requireOverrider(person: Person): void {
  if (person.mayOverride) return;
  throw new CountersignError(
    'forbidden',
    'This goes past what the strategy asks for: access.api.overriders has those that may do so',
  );
}
