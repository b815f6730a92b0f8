import { randomBytes } from 'node:crypto';
import type { Hono } from 'hono';
import { LRUCache } from 'lru-cache';
import type { RegistryOptions } from '#infra/local/registry/start-registry.ts';
import { RegistryError } from '#infra/local/registry/request.ts';

/** Docker's token specification: at least 60 seconds. */
export const TOKEN_LIFETIME_SECONDS = 300;

/** Tokens that are known at once; the oldest is forgotten first. */
export const TOKENS_LIMIT = 1_000;

/** Who gets a token. Without `credentials` every caller does: the anonymous flow of public registries. */
export interface TokenAuth {
  readonly credentials?: { readonly username: string; readonly password: string };
}

interface Grant {
  readonly scopes: readonly string[];
  readonly expiresAt: number;
}

const NAME_IN_PATH = /^\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)\//;

/**
 * Bearer tokens as Docker's token specification has them: 401 with a realm, `/token`, and a token that opens what was
 * asked for and nothing else. A double: it grants every scope to a caller that may have a token.
 *
 * @example
 * const registry = await startRegistry({ port: 0, guard: requireTokens({ credentials }) });
 */
export function requireTokens(auth: TokenAuth = {}): NonNullable<RegistryOptions['guard']> {
  return (app, place) => addTokenRoutes(app, { auth, ...place });
}

function addTokenRoutes(
  app: Hono,
  deps: { auth: TokenAuth; host: string; clock: () => Date },
): void {
  const { auth, host, clock } = deps;
  const grants = new LRUCache<string, Grant>({ max: TOKENS_LIMIT });

  app.get('/token', (c) => {
    if (!mayHaveToken(auth, c.req.header('authorization'))) {
      throw new RegistryError('UNAUTHORIZED', 'Credentials are wrong', undefined, {
        headers: { 'www-authenticate': `Basic realm="${host}"` },
      });
    }
    const now = clock();
    const token = randomBytes(24).toString('base64url');
    const scopes = (c.req.queries('scope') ?? []).flatMap((scope) => scope.split(' '));
    grants.set(token, { scopes, expiresAt: now.getTime() + TOKEN_LIFETIME_SECONDS * 1000 });
    const issued = { expires_in: TOKEN_LIFETIME_SECONDS, issued_at: now.toISOString() };
    return c.json({ token, access_token: token, ...issued });
  });

  app.use('/v2/*', async (c, next) => {
    const name = NAME_IN_PATH.exec(c.req.path)?.[1];
    const action = ['GET', 'HEAD'].includes(c.req.raw.method) ? 'pull' : 'push';
    const token = /^bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    const grant = grants.peek(token ?? '');
    const alive = grant !== undefined && grant.expiresAt > clock().getTime();
    if (alive && (name === undefined || allows(grant.scopes, name, action))) return next();
    const scope = name === undefined ? '' : `,scope="repository:${name}:${wanted(action)}"`;
    const challenge = `Bearer realm="http://${host}/token",service="${host}"${scope}`;
    throw new RegistryError('UNAUTHORIZED', 'A token is needed; ask the realm for one', undefined, {
      headers: { 'www-authenticate': challenge },
    });
  });
}

function mayHaveToken(auth: TokenAuth, header: string | undefined): boolean {
  if (auth.credentials === undefined) return true;
  const { username, password } = auth.credentials;
  const encoded = /^basic (\S+)$/i.exec(header ?? '')?.[1] ?? '';
  return Buffer.from(encoded, 'base64').toString('utf8') === `${username}:${password}`;
}

function allows(scopes: readonly string[], name: string, action: string): boolean {
  return scopes.some((scope) => {
    const [, repository, actions] = /^repository:([^:]+):([^:]+)$/.exec(scope) ?? [];
    return repository === name && (actions === '*' || actions?.split(',').includes(action));
  });
}

function wanted(action: string): string {
  return action === 'push' ? 'pull,push' : action;
}
