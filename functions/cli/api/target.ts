import { defined } from '#shared/core/defined.ts';
import { type Context, type Contexts, contextNamed } from '../context/contexts-file.ts';
import type { GlobalOptions } from '../options.ts';
import { checkUrl, isLoopback } from './check-url.ts';

/** Which API is asked, and as whom. */
export interface Target {
  readonly url: URL;
  /** What named the URL, for people: an option, a variable, a context. */
  readonly from: string;
  readonly credentials: Credentials;
}

/** How there comes to be a token. */
export type Credentials =
  | { readonly type: 'token'; readonly token: string; readonly from: string }
  | { readonly type: 'command'; readonly command: string; readonly from: string }
  /** What Google's own tools make for an audience. */
  | { readonly type: 'google'; readonly audience: string }
  | { readonly type: 'none' };

/** The local world's (docs/quick-start.md). */
const LOCAL_URL = 'http://127.0.0.1:8080';

type Env = Readonly<Record<string, string | undefined>>;
type Asked = Pick<GlobalOptions, 'url' | 'token' | 'tokenCommand' | 'audience' | 'context'>;

/**
 * An option goes before the environment, that before the context in use, and that before the local world. A context's
 * credentials go to its own URL only. Throws `bad-request`.
 */
export function targetOf(options: Asked, env: Env, contexts: Contexts): Target {
  const { url: text, from, context } = placeOf(options, env, contexts);
  const url = checkUrl(text, from);
  return { url, from, credentials: credentialsOf({ options, env, context, url }) };
}

interface Place {
  readonly url: string;
  readonly from: string;
  readonly context?: Context;
}

function placeOf({ url, context }: Asked, env: Env, contexts: Contexts): Place {
  const { COUNTERSIGN_URL: envUrl, COUNTERSIGN_CONTEXT: envContext } = env;
  if (url !== undefined) return { url, from: '--url' };
  if (context !== undefined) return placeNamed(context, contexts);
  if (envUrl) return { url: envUrl, from: 'COUNTERSIGN_URL' };
  if (envContext) return placeNamed(envContext, contexts);
  if (contexts.current !== undefined) return placeNamed(contexts.current, contexts);
  return { url: LOCAL_URL, from: 'the local world' };
}

function placeNamed(name: string, contexts: Contexts): Place {
  const context = contextNamed(name, contexts);
  return { url: context.url, from: `context ${name}`, context };
}

function credentialsOf({
  options,
  env,
  context,
  url,
}: {
  readonly options: Asked;
  readonly env: Env;
  readonly context: Context | undefined;
  readonly url: URL;
}): Credentials {
  const { COUNTERSIGN_TOKEN: envToken, COUNTERSIGN_TOKEN_COMMAND: envCommand } = env;
  const own = context?.tokenCommand;
  const ofContext = own === undefined ? [] : [commandOf(own, 'the context')];
  const isNamed = options.context !== undefined;
  const [first] = [
    ...(options.token === undefined ? [] : [tokenOf(options.token, '--token')]),
    ...(options.tokenCommand === undefined
      ? []
      : [commandOf(options.tokenCommand, '--token-command')]),
    ...(isNamed ? ofContext : []),
    ...(envToken ? [tokenOf(envToken, 'COUNTERSIGN_TOKEN')] : []),
    ...(envCommand ? [commandOf(envCommand, 'COUNTERSIGN_TOKEN_COMMAND')] : []),
    ...ofContext,
  ];
  if (first !== undefined) return first;
  if (isLoopback(url)) return { type: 'none' };
  // What is exported for one installation is not taken to the one that is named: it could be used at the other.
  const named = isNamed ? context?.audience : undefined;
  const usual = named ?? (env['COUNTERSIGN_AUDIENCE'] || context?.audience || url.origin);
  const { audience = usual } = defined(options);
  return { type: 'google', audience };
}

function tokenOf(token: string, from: string): Credentials {
  return { type: 'token', token, from };
}

function commandOf(command: string, from: string): Credentials {
  return { type: 'command', command, from };
}
