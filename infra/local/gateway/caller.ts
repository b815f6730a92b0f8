import { GoogleError } from './google-error.ts';

/** Permissions that the fake knows, as IAM names them. */
export type Permission =
  | 'gkehub.memberships.list'
  | `gkehub.gateway.${'get' | 'post' | 'put' | 'patch' | 'delete'}`
  | 'resourcemanager.projects.get';

export interface CallerOptions {
  /** Access token → e-mail address; changes while the gateway runs, as tokens do. */
  readonly identities: ReadonlyMap<string, string>;
  /** What IAM does not grant; everything is granted without it. */
  readonly denies?: (email: string, permission: Permission) => boolean;
}

/** Who calls, by his access token; refuses strangers, and those without the permission. */
export function identifyCaller(
  headers: Headers,
  permission: Permission,
  { identities, denies }: CallerOptions,
): string {
  const token = /^Bearer (\S+)$/.exec(headers.get('authorization') ?? '')?.[1] ?? '';
  const email = identities.get(token);
  if (email === undefined) {
    throw new GoogleError('UNAUTHENTICATED', 'The access token is missing, unknown or expired');
  }
  if (denies?.(email, permission) === true) {
    throw new GoogleError('PERMISSION_DENIED', `Permission ${permission} denied to ${email}`);
  }
  return email;
}
