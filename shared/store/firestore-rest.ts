import {
  DelegateBackoff,
  handleWhen,
  isTaskCancelledError,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import type * as z from 'zod';
import { NO_GOOGLE_TOKEN } from '#shared/core/google-host.ts';
import {
  AttemptFailed,
  readFirestoreFailure,
  readStreamFailure,
  storeUnavailable,
} from './firestore-failure.ts';
import { type FirestoreLimits, MAX_ANSWER_BYTES, MAX_REFUSAL_BYTES } from './firestore-limits.ts';

export interface FirestoreDeps {
  readonly fetch: typeof fetch;
  readonly project: string;
  readonly database: string;
  /** An access token of our own identity that is valid now; asked for before each attempt. */
  readonly googleToken: () => Promise<string>;
  /** `127.0.0.1:8087`: spoken to without TLS, and without a token. */
  readonly emulatorHost?: string;
  readonly limits: FirestoreLimits;
}

/** One call of Firestore's REST API on a database. Throws what the last attempt threw, or `store-unavailable`. */
export interface FirestoreRest {
  /** Full name of the documents' root: `projects/…/databases/…/documents`. */
  readonly root: string;
  call<T>(
    method: 'batchGet' | 'runQuery' | 'runAggregationQuery' | 'commit',
    body: object,
    schema: z.ZodType<T>,
  ): Promise<T>;
}

/** The token goes here and nowhere else (DESIGN section 2, law 9). */
const ENDPOINT = 'https://firestore.googleapis.com';

/**
 * Plain REST: the client library takes a third of a second to load (facts/toolchain.md). Throttled, failed and aborted
 * attempts are repeated with jitter: all that we write may be written twice.
 */
export function createFirestoreRest(deps: FirestoreDeps): FirestoreRest {
  const { project, database, emulatorHost, limits } = deps;
  const root = `projects/${project}/databases/${database}/documents`;
  const base = `${emulatorHost === undefined ? ENDPOINT : `http://${emulatorHost}`}/v1/${root}`;
  const repeat = wrap(
    timeout(limits.callMs, TimeoutStrategy.Aggressive),
    retry(handleWhen(isWorthRepeating), {
      maxAttempts: limits.retries,
      backoff: new DelegateBackoff(
        ({ attempt }) => Math.random() * limits.backoffMs * 2 ** attempt,
      ),
    }),
    timeout(limits.attemptMs, TimeoutStrategy.Aggressive),
  );
  return {
    root,
    async call(method, body, schema) {
      const text = JSON.stringify(body);
      try {
        return await repeat.execute(async ({ signal }) => {
          signal.throwIfAborted();
          return schema.parse(await send(`${base}:${method}`, text, deps, signal));
        });
      } catch (error) {
        if (!isTaskCancelledError(error)) throw error;
        throw storeUnavailable(new Error('it did not answer in time', { cause: error }));
      }
    },
  };
}

async function send(
  url: string,
  body: string,
  { fetch, emulatorHost, googleToken }: FirestoreDeps,
  signal: AbortSignal,
): Promise<unknown> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (emulatorHost === undefined)
    headers['authorization'] = `Bearer ${await tokenFrom(googleToken)}`;
  const { status, text } = await exchange(async () => {
    const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
    const limit = answer.ok ? MAX_ANSWER_BYTES : MAX_REFUSAL_BYTES;
    return { status: answer.status, text: await readText(answer, limit) };
  });
  if (status !== 200) throw readFirestoreFailure(status, text);
  const value = parseJson(text);
  const failure = readStreamFailure(value);
  if (failure !== undefined) throw failure;
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AttemptFailed('it answered no JSON', { repeat: true, cause });
  }
}

async function tokenFrom(googleToken: FirestoreDeps['googleToken']): Promise<string> {
  try {
    return await googleToken();
  } catch (cause) {
    throw new AttemptFailed(NO_GOOGLE_TOKEN, { repeat: true, cause });
  }
}

async function exchange<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AttemptFailed) throw cause;
    throw new AttemptFailed('it cannot be reached', { repeat: true, cause });
  }
}

/** Counts what arrives, whatever Content-Length says; leaving the loop early closes the connection. */
async function readText({ body }: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new AttemptFailed(`its answer is larger than ${maxBytes} bytes`, { repeat: false });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isWorthRepeating(error: unknown): boolean {
  return isTaskCancelledError(error) || (error instanceof AttemptFailed && error.repeat);
}
