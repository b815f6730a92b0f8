import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, type FailureCode } from '#shared/core/errors.ts';
import { failureWithoutSecrets, secretsIn } from '#shared/core/sent-secrets.ts';
import { disabledApiFix } from '#shared/net/google-disabled.ts';
import { parseJson } from '#shared/net/json.ts';
import { readStart } from '#shared/net/read-body.ts';
import { reasonOf } from '#shared/net/network-reason.ts';
import type { Pauses } from '#shared/net/pauses.ts';
import { readRetryAfter } from '#shared/net/retry.ts';
import type { AddressGuard } from './host-access.ts';
import type { RegistryLimits } from './limits.ts';

export interface Ask {
  readonly url: URL;
  readonly accept: string;
  readonly authorization: string | undefined;
  /** Largest body of a 200; the body of any other status is cut at `limits.smallBytes`. */
  readonly maxBytes: number;
  /** How many redirects are followed; one more is `registry-misbehaved`. */
  readonly redirects: number;
  /** A redirect that must not be followed, and a packed body, are answers (`Answer.dead`), not failures. */
  readonly dead?: 'answer';
  /** The body of a 200 is handed over unread. */
  readonly unread?: true;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** A redirect led to another host: its word on credentials or absence is not the registry's. */
  readonly foreign: boolean;
  /** A redirect that is not followed, or a body that is not unpacked: there is nothing to read. */
  readonly dead?: true;
  /** The body, where it was to be left unread. Leaving it early hangs up; it throws `registry-unavailable`. */
  readonly body?: AsyncIterable<Uint8Array>;
}

export type Send = (ask: Ask, signal: AbortSignal) => Promise<Answer>;

/** `fetch`, as far as a registry is asked by it. */
export type RegistryFetch = (
  url: URL,
  init: { readonly headers: Headers; readonly redirect: 'manual'; readonly signal: AbortSignal },
) => Promise<Pick<Response, 'status' | 'headers' | 'body'>>;

export interface SendDeps {
  readonly fetch: RegistryFetch;
  readonly guard: AddressGuard;
  readonly limits: RegistryLimits;
  readonly pauses: Pauses;
  readonly now: () => Date;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * One GET, its redirects followed by hand: every hop's address is checked, the scheme stays https (or what the first
 * host was allowed), and Authorization stays with the first host and does not come back once it was left.
 *
 * @example
 * const send = createSend({ fetch, guard: createAddressGuard(deps), limits: DEFAULT_LIMITS, pauses, now });
 * const { status, bytes } = await send({ url, accept: 'application/json', authorization: undefined, maxBytes, redirects: 5 }, signal);
 */
export function createSend({ fetch, guard, limits, pauses, now }: SendDeps): Send {
  return async (ask, signal) => {
    try {
      return await follow(ask, signal);
    } catch (error) {
      const { authorization } = ask;
      // The address that it redirects to is the registry's choice.
      throw failureWithoutSecrets(
        error,
        authorization === undefined ? [] : secretsIn({ authorization }),
      );
    }
  };

  async function follow(ask: Ask, signal: AbortSignal): Promise<Answer> {
    let url = ask.url;
    let foreign = false;
    await guard(url);
    for (let hop = 0; ; hop += 1) {
      foreign ||= url.host !== ask.url.host;
      // Anything compressed would be unpacked by fetch before its bytes are counted.
      const sent = new Headers({ accept: ask.accept, 'accept-encoding': 'identity' });
      if (!foreign && ask.authorization !== undefined) sent.set('authorization', ask.authorization);
      const response = await reach(url, sent, signal);
      const { status, headers } = response;
      const end = { status, headers, bytes: new Uint8Array(), foreign } as const;
      if (!REDIRECTS.has(status)) {
        if (isPacked(headers)) {
          await response.body?.cancel();
          if (ask.dead === 'answer') return { ...end, dead: true };
          throw misbehaved(`Registry ${url.host}`, 'compresses its answer, unasked');
        }
        const body = pieces(response, url);
        if (ask.unread === true && status === 200) return { ...end, body };
        const maxBytes = status === 200 ? ask.maxBytes : limits.smallBytes;
        const { bytes, cut } = await readStart(body, maxBytes);
        if (status !== 200 || !cut) return { ...end, bytes };
        const message = `Answer of ${url.host}${url.pathname} is larger than ${maxBytes} bytes`;
        throw new CountersignError('too-large', message);
      }
      await response.body?.cancel();
      try {
        if (hop >= ask.redirects) {
          const what = `redirects more than ${ask.redirects} times`;
          throw misbehaved(`Registry ${url.host}`, what);
        }
        url = redirectTarget(url, headers.get('location'), ask.url);
        await guard(url);
      } catch (error) {
        const isRefused =
          error instanceof CountersignError && error.code !== 'registry-unavailable';
        if (ask.dead === 'answer' && isRefused) return { ...end, dead: true };
        throw error;
      }
    }
  }

  async function reach(url: URL, headers: Headers, signal: AbortSignal): Promise<Reached> {
    const left = await pauses.left(url.host);
    if (left > 0) throw paused(url, left);
    const answer = await dial(url, headers, signal);
    if (answer.status !== 429 && answer.status !== 503) return answer;
    const asked = readRetryAfter(answer.headers.get('retry-after'), now().getTime());
    if (asked !== undefined) await pauses.remember(url.host, asked);
    return answer;
  }

  async function dial(url: URL, headers: Headers, signal: AbortSignal): Promise<Reached> {
    try {
      return await fetch(url, { headers, redirect: 'manual', signal });
    } catch (cause) {
      // A CA of its config that cannot be read.
      if (cause instanceof CountersignError) throw cause;
      throw unreachable(url, cause);
    }
  }
}

type Reached = Awaited<ReturnType<RegistryFetch>>;

/** Keeps the response until it is read: `fetch` cancels the body of one that was collected as garbage, and it then ends early. */
async function* pieces(response: Reached, url: URL): AsyncGenerator<Uint8Array> {
  try {
    yield* response.body ?? [];
  } catch (error) {
    throw unreachable(url, error);
  }
}

function isPacked(headers: Headers): boolean {
  const encoding = headers.get('content-encoding');
  return encoding !== null && encoding.toLowerCase() !== 'identity';
}

function redirectTarget(from: URL, location: string | null, first: URL): URL {
  const registry = `Registry ${from.host}`;
  const target = location === null ? null : URL.parse(location, from.href);
  if (target === null) throw misbehaved(registry, 'redirects to nowhere');
  const { protocol, host, username, password } = target;
  const sameServer = host === first.host && protocol === first.protocol;
  if (protocol !== 'https:' && !sameServer) {
    throw misbehaved(registry, `redirects to ${protocol}//${host}, which is not https`);
  }
  if (username === '' && password === '') return target;
  throw misbehaved(registry, `redirects to ${host} with credentials in the address`);
}

function unreachable(url: URL, cause: unknown): CountersignError {
  const message = `Cannot reach ${url.host}${reasonOf(cause)}`;
  return new CountersignError('registry-unavailable', message, { cause });
}

/** Another part of the process asked it already, and it said when to come back. */
function paused(url: URL, left: number): CountersignError {
  const message = `Registry ${url.host} asked for a pause, of which ${Math.ceil(left / 1_000)} s are left`;
  return new CountersignError('registry-unavailable', message, { retryAfterMs: left });
}

/** For what no honest registry does; `name` begins a sentence. */
export function misbehaved(name: string, what: string): CountersignError {
  return new CountersignError('registry-misbehaved', `${name} ${what}`);
}

/** The failure behind an answer that is neither 200 nor an absence; `what` begins a sentence. */
export function failureOf(answer: Answer, what: string, now: Date): CountersignError {
  const { status } = answer;
  const code = codeOf(status);
  if (code === 'registry-denied') {
    return new CountersignError(
      code,
      `${what} was denied with status ${status}: ${denialFix(answer)}`,
    );
  }
  const retryAfterMs = readRetryAfter(answer.headers.get('retry-after'), now.getTime());
  const message = `${what} was answered with status ${status}`;
  return new CountersignError(code, message, defined({ retryAfterMs }));
}

/** Artifact Registry says in the document of OCI's errors that its API is disabled. */
function denialFix({ bytes }: Answer): string {
  const { errors = [] } = errorsSchema.safeParse(parseJson(bytes)).data ?? {};
  const [enable] = errors.flatMap((error) => disabledApiFix(error) ?? []);
  return (
    enable ??
    'grant Countersign\'s identity read access (Artifact Registry: grant roles/artifactregistry.reader on the repository), or fix the "auth" of its entry in "registries"'
  );
}

function codeOf(status: number): FailureCode {
  if (status === 401 || status === 403) return 'registry-denied';
  if (status === 408 || status === 429 || status >= 500) return 'registry-unavailable';
  return 'registry-misbehaved';
}

/** OCI distribution 1.1, "Error Codes". */
const errorsSchema = z.object({
  errors: z.array(z.looseObject({ code: z.string() })).min(1),
});

/**
 * Whether a 404 is the registry's own word that something does not exist: an error document of OCI distribution 1.1
 * ("Error Codes"), or nothing at all. A page in HTML or plain text comes from whatever stands before the registry,
 * and a 404 behind a redirect from its storage: neither may make a signed image look unsigned.
 */
export function isAbsence(answer: Answer): boolean {
  if (answer.status !== 404 || answer.foreign) return false;
  if (answer.bytes.length === 0) return true;
  return errorsSchema.safeParse(parseJson(answer.bytes)).success;
}
