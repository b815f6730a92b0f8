import { CountersignError } from '#shared/core/errors.ts';
import { repeatsSecret, secretsIn } from '#shared/core/sent-secrets.ts';
import { createRetry } from '#shared/net/retry.ts';
import type { Authorizer } from './authorizer.ts';
import { accessTo, type RegistryRule } from './host-access.ts';
import type { RegistryLimits } from './limits.ts';
import { type Answer, type Ask, failureOf, type Send } from './send.ts';

export interface GetRequest {
  /** As dialled, and the repository's path within it. */
  readonly host: string;
  readonly path: string;
  /** What follows `/v2/<path>/`: safe in an address, for it is built from parsed references only. */
  readonly resource: string;
  readonly accept: string;
  readonly maxBytes: number;
  /** Which answers, besides those of status 200 and 404, are for the caller to read; absent: none. */
  readonly isAnswer?: (answer: Answer) => boolean;
  /** As in `Ask`. */
  readonly dead?: 'answer';
  /** Leaves the body unread, and goes on for as long as this allows: until then, an attempt is repeated as ever. */
  readonly unread?: AbortSignal;
}

/** The answer of status 200 or 404, or one that the request takes; every other is thrown as a failure. */
export type Get = (request: GetRequest) => Promise<Answer>;

export interface GetDeps {
  readonly registries: readonly RegistryRule[];
  readonly authorizer: Authorizer;
  readonly send: Send;
  readonly limits: RegistryLimits;
  readonly now: () => Date;
}

/**
 * An authorised GET below `/v2/`, with credentials renewed once after a 401 of the registry itself, and repeated after
 * `registry-unavailable` and silence.
 *
 * @example
 * const get = createGet({ registries, authorizer, send, limits: DEFAULT_LIMITS, now });
 * const answer = await get({ host, path, resource: 'manifests/v1', accept: ACCEPT_MANIFEST, maxBytes });
 */
export function createGet(deps: GetDeps): Get {
  const { authorizer, limits } = deps;
  const repeat = createRetry(
    { ...limits, wholeMs: limits.requestMs },
    { helps: isOutage, late: outOfTime },
  );
  return (request) =>
    repeat(async (signal) => {
      const send = sendOf(request, signal, deps);
      const { host, path, resource, accept, maxBytes, isAnswer, dead } = request;
      const access = accessTo(host, deps.registries);
      const url = new URL(`${access.scheme}://${host}/v2/${path}/${resource}`);
      const ask = { url, accept, maxBytes, redirects: limits.redirects, ...(dead && { dead }) };
      const sent = await authorizer.current(access, path);
      let answer = await send({ ...ask, authorization: sent });
      refuseRepeated(answer, sent, host);
      if (answer.status === 401 && !answer.foreign) {
        const challenge = answer.headers.get('www-authenticate');
        const authorization = await authorizer.renew(access, path, { sent, challenge }, signal);
        answer = await send({ ...ask, authorization });
        refuseRepeated(answer, authorization, host);
      }
      if (answer.status === 200 || answer.status === 404) return answer;
      if (isAnswer?.(answer) === true) return answer;
      throw failureOf(answer, `GET ${host}${url.pathname}`, deps.now());
    });
}

function isOutage(error: unknown): boolean {
  return error instanceof CountersignError && error.code === 'registry-unavailable';
}

function outOfTime(cause: unknown): CountersignError {
  return new CountersignError('registry-unavailable', 'Registry did not answer in time', { cause });
}

/** No honest registry does that: its manifest or header would show Countersign's credentials to people. */
function refuseRepeated(answer: Answer, authorization: string | undefined, host: string): void {
  if (authorization === undefined) return;
  if (!repeatsSecret(answer, secretsIn({ authorization }))) return;
  throw new CountersignError(
    'registry-misbehaved',
    `Registry ${host} repeats our credentials in its answer`,
  );
}

/** Sends for one attempt. The attempt's own signal ends with it, which must not end a body that is left unread. */
function sendOf(
  { unread }: GetRequest,
  attempt: AbortSignal,
  { send }: GetDeps,
): (ask: Ask) => Promise<Answer> {
  if (unread === undefined) return (ask) => send(ask, attempt);
  return async (ask) => {
    const controller = new AbortController();
    const abort = (): void => controller.abort(attempt.reason);
    attempt.addEventListener('abort', abort, { once: true });
    try {
      const signal = AbortSignal.any([unread, controller.signal]);
      return await send({ ...ask, unread: true }, signal);
    } finally {
      attempt.removeEventListener('abort', abort);
    }
  };
}
