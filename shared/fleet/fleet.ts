import type { ClientDeps } from './client.ts';
import type { ClusterApi } from './cluster-api.ts';
import type { Connection } from './transport.ts';

/** The clusters of the config: memberships of a GKE fleet, or contexts of a kubeconfig; `Api` is what is done there. */
export interface Fleet<Api = ClusterApi> {
  /** Every member. Throws `bad-config`, `fleet-unavailable`. */
  list(): Promise<FleetList>;
  /**
   * The member that `cluster` names exactly; undefined when it is none of the fleet. The only way from a name in a
   * message to a member (law 7). Throws as `list`.
   */
  find(cluster: string): Promise<Member | undefined>;
  /** A client for the member's API server; no call is made yet. Throws `bad-config`. */
  connect(member: Member): Promise<Api>;
}

export interface FleetList {
  readonly members: readonly Member[];
  /** Places that could not be listed: their members are missing from the list, not from the fleet. */
  readonly unreachable: readonly string[];
}

export interface Member {
  /** Full membership name (`projects/…/locations/…/memberships/…`), or context: what messages and events carry. */
  readonly name: string;
  /** Last part of the name; not unique across locations. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Its control plane is called by its DNS endpoint: no quota of Connect Gateway counts that. */
  readonly direct?: true;
}

/** Makes the client for one cluster: `createClusterApi`, or another one. */
export type OpenApi<Api> = (
  cluster: string,
  connection: Connection,
  deps: ClientDeps,
) => Promise<Api>;
