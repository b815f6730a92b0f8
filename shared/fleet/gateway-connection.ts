import type { Connection } from './connection.ts';
import type { GoogleApis } from './google-apis.ts';
import { type GoogleIdentity, authorizeGoogle } from './google-token.ts';
import type { Membership } from './list-memberships.ts';

/**
 * Where Connect Gateway serves a membership's API server (facts/google-cloud.md section 4). `number` is the number of
 * its project.
 */
export function gatewayUrl(
  { place: { location, id }, gke }: Pick<Membership, 'place' | 'gke'>,
  number: string,
  apis: Pick<GoogleApis, 'gateway'>,
): string {
  const kind = gke ? 'gkeMemberships' : 'memberships';
  return `${apis.gateway(location)}/v1/projects/${number}/locations/${location}/${kind}/${id}`;
}

/** The connection to a membership, with a token that is asked for before each attempt. */
export function connectGateway(
  membership: Membership,
  number: string,
  identity: GoogleIdentity,
): Connection {
  const server = gatewayUrl(membership, number, identity.apis);
  const url = new URL(server);
  return { server, authorize: () => authorizeGoogle(url, identity) };
}
