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

/** How there comes to be a token; `keptBack` says which one of the environment is not sent, and why. */
export type Credentials =
  | { readonly type: 'token'; readonly token: string; readonly from: string }
  | { readonly type: 'command'; readonly command: string; readonly from: string }
  /** What Google's own tools make for an audience. */
  | { readonly type: 'google'; readonly audience: string; readonly keptBack?: string }
  | { readonly type: 'none'; readonly keptBack?: string };

/** The local world's (docs/quick-start.md). */
const LOCAL_URL = 'http://127.0.0.1:8080';

type Env = Readonly<Record<string, string | undefined>>;
type Asked = Pick<GlobalOptions, 'url' | 'token' | 'tokenCommand' | 'audience' | 'context'>;

/**
 * An option goes before the environment, that before the context in use, and that before the local world. A context's
 * credentials go to its own URL only, and a token of the environment not to a context that `--context` names, where it
 * would go elsewhere without that. Throws `bad-request`.
 */
export function targetOf(options: Asked, env: Env, contexts: Contexts): Target {
  const { url: text, from, context } = placeOf(options, env, contexts);
  const url = checkUrl(text, from);
  const usual = options.context === undefined ? undefined : usualOrigin(env, contexts);
  const elsewhere = usual === url.origin ? undefined : usual;
  return { url, from, credentials: credentialsOf({ options, env, context, url, elsewhere }) };
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

/** Where a token of the environment goes without any option; undefined: nothing names a place. */
function usualOrigin(env: Env, contexts: Contexts): string | undefined {
  const { COUNTERSIGN_URL: url, COUNTERSIGN_CONTEXT: name = '' } = env;
  if (url) return URL.parse(url)?.origin ?? url;
  const usual = name || contexts.current;
  if (usual === undefined) return undefined;
  const { [usual]: context } = contexts.contexts;
  return URL.parse(context?.url ?? '')?.origin ?? usual;
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
  elsewhere,
}: {
  readonly options: Asked;
  readonly env: Env;
  readonly context: Context | undefined;
  readonly url: URL;
  /** Another place that a token of the environment is for. */
  readonly elsewhere: string | undefined;
}): Credentials {
  const { COUNTERSIGN_TOKEN: envToken, COUNTERSIGN_TOKEN_COMMAND: envCommand } = env;
  const own = context?.tokenCommand;
  const ofContext = own === undefined ? [] : [commandOf(own, 'the context')];
  const isNamed = options.context !== undefined;
  const exported = [
    ...(envToken ? [tokenOf(envToken, 'COUNTERSIGN_TOKEN')] : []),
    ...(envCommand ? [commandOf(envCommand, 'COUNTERSIGN_TOKEN_COMMAND')] : []),
  ];
  const [first] = [
    ...(options.token === undefined ? [] : [tokenOf(options.token, '--token')]),
    ...(options.tokenCommand === undefined
      ? []
      : [commandOf(options.tokenCommand, '--token-command')]),
    ...(isNamed ? ofContext : []),
    ...(elsewhere === undefined ? exported : []),
    ...ofContext,
  ];
  if (first !== undefined) return first;
  const kept = elsewhere && exported[0] && `${exported[0].from} is for ${elsewhere}`;
  const keptBack = defined({ keptBack: kept });
  if (isLoopback(url)) return { type: 'none', ...keptBack };
  // What is exported for one installation is not taken to the one that is named: it could be used at the other.
  const named = isNamed ? context?.audience : undefined;
  const usual = named ?? (env['COUNTERSIGN_AUDIENCE'] || context?.audience || url.origin);
  const { audience = usual } = defined(options);
  return { type: 'google', audience, ...keptBack };
}

function tokenOf(token: string, from: string): Credentials & { readonly type: 'token' } {
  return { type: 'token', token, from };
}

function commandOf(command: string, from: string): Credentials & { readonly type: 'command' } {
  return { type: 'command', command, from };
}
