import { CountersignError } from '#shared/core/errors.ts';
import type { Credentials } from './target.ts';

/** The token to send, and what to say of it where it is refused. */
export interface Tokens {
  /** Undefined: nothing is sent. `fresh`: the one before was refused. Throws `unauthenticated`. */
  read(fresh: boolean): Promise<string | undefined>;
  /** Where the token came from, or why there is none. */
  origin(): string;
  /** Whether another call of `read` may give another one. */
  readonly renews: boolean;
}

export interface TokenDeps {
  /** Runs a command of the caller's own in a shell, and gives what it printed. */
  readonly run: (command: string) => Promise<string>;
  /** Runs a program, and gives what it printed. */
  readonly runFile: (file: string, args: readonly string[]) => Promise<string>;
  /** The ID token of the Application Default Credentials for an audience. */
  readonly idToken: (audience: string) => Promise<string>;
}

/** Nothing is sent. */
export const NO_TOKENS: Tokens = {
  read: async () => undefined,
  origin: () => 'No token was sent',
  renews: false,
};

/**
 * The token of the credentials: asked for once, and again when the service refuses what it was given, for an ID token
 * lasts an hour, and a wait may be longer.
 *
 * @example
 * const tokens = openTokens({ type: 'google', audience }, deps);
 */
export function openTokens(credentials: Credentials, deps: TokenDeps): Tokens {
  switch (credentials.type) {
    case 'none': {
      const { keptBack } = credentials;
      if (keptBack === undefined) return NO_TOKENS;
      return { ...NO_TOKENS, origin: () => `No token was sent (${keptBack})` };
    }
    case 'token': {
      const { token, from } = credentials;
      return {
        read: async () => token,
        origin: () => `The token is that of ${from}`,
        renews: false,
      };
    }
    case 'command': {
      const { command, from } = credentials;
      const read = remembered(() => ask(command, deps.run));
      return { read, origin: () => `The token is that of the command of ${from}`, renews: true };
    }
    case 'google':
      return googleTokens(credentials, deps);
  }
}

function remembered<T>(read: () => Promise<T>): (fresh: boolean) => Promise<T> {
  let last: Promise<T> | undefined;
  return (fresh) => {
    if (fresh) last = undefined;
    return (last ??= read());
  };
}

/** The whole of what is printed, which is a token, or a message to the caller. */
const ONE_WORD = /^[\x21-\x7e]+$/;

async function ask(command: string, run: TokenDeps['run']): Promise<string> {
  // What it wrote to standard error has been seen by then.
  const printed = await run(command).catch((cause: unknown) => {
    throw new CountersignError('unauthenticated', 'The token command failed', { cause });
  });
  const token = printed.trim();
  if (ONE_WORD.test(token)) return token;
  throw new CountersignError('unauthenticated', 'The token command printed no token');
}

/**
 * The account of a machine or a pipeline, or the one that gcloud impersonates. A token without an audience, which gcloud
 * has for a person, is not sent: other services would take it, and the API does not.
 */
function googleTokens(
  { audience, keptBack }: Credentials & { readonly type: 'google' },
  { idToken, runFile }: TokenDeps,
): Tokens {
  // It asks nothing of a person, who may not sit there.
  const gcloud = [
    'auth',
    'print-identity-token',
    `--audiences=${audience}`,
    '--include-email',
    '--quiet',
  ];
  const sources: Readonly<Record<string, () => Promise<string>>> = {
    'Application Default Credentials': () => idToken(audience),
    gcloud: () => runFile('gcloud', gcloud),
  };
  let origin = '';
  async function find(): Promise<string | undefined> {
    const reasons = keptBack === undefined ? [] : [keptBack];
    for (const [name, read] of Object.entries(sources)) {
      try {
        const token = (await read()).trim();
        if (!ONE_WORD.test(token)) throw new Error('printed no token');
        origin = `The token is that of ${name}, for ${audience}`;
        return token;
      } catch (error) {
        reasons.push(`${name}: ${reasonOf(error)}`);
      }
    }
    origin = `No token was sent (${reasons.join('; ')})`;
    return undefined;
  }
  return { read: remembered(find), origin: () => origin, renews: true };
}

/** The last thing that a program or a library said of its failure. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure';
  if ('code' in error && error.code === 'ENOENT') return 'is not installed';
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : error.message;
  return said.trim().split('\n').at(-1)?.slice(0, MAX_REASON) ?? 'unknown failure';
}

const MAX_REASON = 200;
