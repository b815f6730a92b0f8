import * as z from 'zod';
import { cleanLine, cutText } from '#shared/core/foreign-text.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseJson } from '#shared/net/json.ts';
import type { RunProgram } from '#shared/net/run-program.ts';
import { createSingleFlight } from '#shared/net/single-flight.ts';
import type { AskHelper, Credentials } from './docker-config.ts';

/** Longer than a helper that asks a cloud takes. */
const TIMEOUT_MS = 15_000;
const MAX_REASON = 200;
/** docker-credential-helpers, `credentials/error.go`: what a helper prints for a server that it does not know. */
const NOT_FOUND = 'credentials not found in native keychain';
/** In place of a user name: the secret is an identity token. */
const IDENTITY_TOKEN = '<token>';

const answerSchema = z.object({ Username: z.string(), Secret: z.string() });

/**
 * Runs Docker's credential helpers: one at a time for each host; calls that come meanwhile share its answer.
 *
 * @example
 * const askHelper = createHelpers(runProgram);
 * const credentials = await askHelper('gcloud', 'eu.gcr.io');
 */
export function createHelpers(run: RunProgram): AskHelper {
  const join = createSingleFlight<Credentials | undefined>();
  return (name, server) => join(`${name} ${server}`, () => ask(name, server, run));
}

async function ask(
  name: string,
  server: string,
  run: RunProgram,
): Promise<Credentials | undefined> {
  const command = `docker-credential-${name}`;
  const end = await run({ command, args: ['get'], input: server, timeoutMs: TIMEOUT_MS });
  if (end.outcome === 'absent') throw bad(command, 'is not installed: put it on the PATH');
  if (end.outcome === 'late') throw bad(command, `did not end within ${TIMEOUT_MS / 1_000} s`);
  if (end.outcome === 'large') throw bad(command, 'printed more than any credential has');
  if (end.outcome === 'failed') throw bad(command, 'could not be started', end.cause);
  const { code, out, err } = end;
  if (code !== 0) {
    if (out.trim() === NOT_FOUND) return undefined;
    throw bad(command, `failed for ${server}: ${cutText(cleanLine(err.trim()), MAX_REASON)}`);
  }
  const { data } = answerSchema.safeParse(parseJson(out));
  if (data === undefined) throw bad(command, 'printed no credentials');
  if (data.Username === IDENTITY_TOKEN) {
    throw bad(command, `gives an identity token for ${server}, which is not supported`);
  }
  return { username: data.Username, password: data.Secret };
}

function bad(command: string, problem: string, cause?: unknown): CountersignError {
  return new CountersignError('bad-config', `Credential helper ${command} ${problem}`, { cause });
}
