import { randomBytes } from 'node:crypto';
import type { Hono } from 'hono';
import { RegistryError } from './errors.ts';
import { TOKEN_LIFETIME_SECONDS, TOKENS_LIMIT } from './limits.ts';

/** Who gets a token. Without `credentials` everybody does: the anonymous flow of public registries. */
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
 * asked for and nothing else. A double: it grants every scope to whoever may have a token.
 */
export function addTokenAuth(
  app: Hono,
  deps: { auth: TokenAuth; host: string; clock: () => Date },
): void {
  const { auth, host, clock } = deps;
  const grants = new Map<string, Grant>();

  app.get('/token', (c) => {
    if (!mayHaveToken(auth, c.req.header('authorization'))) {
      throw new RegistryError('UNAUTHORIZED', 'Credentials are wrong', {
        headers: { 'www-authenticate': `Basic realm="${host}"` },
      });
    }
    const now = clock();
    const token = randomBytes(24).toString('base64url');
    const scopes = (c.req.queries('scope') ?? []).flatMap((scope) => scope.split(' '));
    grants.set(token, { scopes, expiresAt: now.getTime() + TOKEN_LIFETIME_SECONDS * 1000 });
    const [oldest] = grants.keys();
    if (grants.size > TOKENS_LIMIT && oldest !== undefined) grants.delete(oldest);
    const issued = { expires_in: TOKEN_LIFETIME_SECONDS, issued_at: now.toISOString() };
    return c.json({ token, access_token: token, ...issued });
  });

  app.use('/v2/*', async (c, next) => {
    const name = NAME_IN_PATH.exec(c.req.path)?.[1];
    const action = ['GET', 'HEAD'].includes(c.req.raw.method) ? 'pull' : 'push';
    const token = /^bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    const grant = grants.get(token ?? '');
    const alive = grant !== undefined && grant.expiresAt > clock().getTime();
    if (alive && (name === undefined || allows(grant.scopes, name, action))) return next();
    const scope = name === undefined ? '' : `,scope="repository:${name}:${wanted(action)}"`;
    const challenge = `Bearer realm="http://${host}/token",service="${host}"${scope}`;
    throw new RegistryError('UNAUTHORIZED', 'A token is needed; ask the realm for one', {
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
