import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { repeatsSecret, secretsIn } from '#shared/core/sent-secrets.ts';
import { createRetry } from '#shared/net/retry.ts';
import type { Authorizer } from './authorizer.ts';
import { accessTo, type RegistryRule } from './host-access.ts';
import type { RegistryLimits } from './limits.ts';
import { type Answer, type Ask, failureOf, misbehaved, type Send } from './send.ts';

export interface GetRequest extends Pick<Ask, 'accept' | 'maxBytes' | 'dead'> {
  /** As dialled, and the repository's path within it. */
  readonly host: string;
  readonly path: string;
  /** What follows `/v2/<path>/`: safe in an address, for it is built from parsed references only. */
  readonly resource: string;
  /** Which answers, besides those of status 200 and 404, are for the caller to read; absent: none. */
  readonly isAnswer?: (answer: Answer) => boolean;
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

const UNAVAILABLE = 'registry-unavailable';

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
    {
      helps: (error) => error instanceof CountersignError && error.code === UNAVAILABLE,
      late: (cause) =>
        new CountersignError(UNAVAILABLE, 'Registry did not answer in time', { cause }),
    },
  );
  return ({ host, path, resource, accept, maxBytes, isAnswer, dead, unread }) =>
    repeat(async (attempt) => {
      const access = accessTo(host, deps.registries);
      const url = new URL(`${access.scheme}://${host}/v2/${path}/${resource}`);
      const { redirects } = limits;
      const ask = {
        url,
        accept,
        maxBytes,
        redirects,
        ...defined({ dead, unread: unread && (true as const) }),
      };
      const signal = unread === undefined ? attempt : AbortSignal.any([unread, attempt]);

      async function sendWith(authorization: string | undefined): Promise<Answer> {
        const answer = await deps.send({ ...ask, authorization }, signal);
        if (authorization === undefined) return answer;
        if (!repeatsSecret(answer, secretsIn({ authorization }))) return answer;
        // No honest registry does that: its manifest or header would show Countersign's credentials to people.
        throw misbehaved(`Registry ${host}`, 'repeats our credentials in its answer');
      }

      const sent = await authorizer.current(access, path);
      let answer = await sendWith(sent);
      if (answer.status === 401 && !answer.foreign) {
        const challenge = answer.headers.get('www-authenticate');
        answer = await sendWith(await authorizer.renew(access, path, { sent, challenge }, attempt));
      }
      if (answer.status === 200 || answer.status === 404) return answer;
      if (isAnswer?.(answer) === true) return answer;
      throw failureOf(answer, `GET ${host}${url.pathname}`, deps.now());
    });
}
