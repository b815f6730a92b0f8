import { CountersignError } from '#shared/core/errors.ts';

/** The token to send; `fresh`: the one before was refused. Throws `unauthenticated` when there is none to be had. */
export type ReadToken = (fresh: boolean) => Promise<string>;

/** Runs a command of the caller's own, and gives what it printed. */
export type RunCommand = (command: string) => Promise<string>;

/**
 * The token itself, or the command that prints one: asked once, and again when the service refuses what it gave, for
 * an ID token lasts an hour, and a wait may be longer. Undefined: nothing is sent.
 *
 * @example
 * const readToken = openToken({ tokenCommand: 'gcloud auth print-identity-token' }, run);
 */
export function openToken(
  { token, tokenCommand }: { readonly token?: string; readonly tokenCommand?: string },
  run: RunCommand,
): ReadToken | undefined {
  if (token !== undefined) return async () => token;
  if (tokenCommand === undefined) return undefined;
  let last: string | undefined;
  return async (fresh) => {
    if (last === undefined || fresh) last = await ask(tokenCommand, run);
    return last;
  };
}

async function ask(command: string, run: RunCommand): Promise<string> {
  // What it wrote to standard error has been seen by then.
  const printed = await run(command).catch((cause: unknown) => {
    throw new CountersignError('unauthenticated', 'The token command failed', { cause });
  });
  const token = printed.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CountersignError('unauthenticated', 'The token command printed no token');
}
