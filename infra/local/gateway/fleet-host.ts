/** A fleet host project and what it holds. Tests change it while the gateway runs. */
export interface FleetHost {
  readonly id: string;
  readonly number: string;
  memberships: FakeMembership[];
  /** Locations that do not answer Hub; their clusters are reachable all the same. */
  unreachable?: string[];
}

export interface FakeMembership {
  readonly id: string;
  /** `global` or a region. */
  readonly location: string;
  /** Base URL of the cluster's API server. */
  readonly server: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** READY unless told otherwise. */
  readonly state?: string;
  /** False for a cluster outside Google Cloud, reached by its agent. */
  readonly gke?: boolean;
}

/** The name by which Hub, and whoever asks Hub, knows it. */
export function fullName(host: Pick<FleetHost, 'id'>, { location, id }: FakeMembership): string {
  return `projects/${host.id}/locations/${location}/memberships/${id}`;
}

/** GKE Hub v1, Membership. */
export function describeMembership(
  host: FleetHost,
  membership: FakeMembership,
): Record<string, unknown> {
  const { id, location, labels = {}, state = 'READY', gke = true } = membership;
  const resourceLink = `//container.googleapis.com/projects/${host.id}/locations/${location}/clusters/${id}`;
  return {
    name: fullName(host, membership),
    endpoint: gke ? { gkeCluster: { resourceLink } } : { kubernetesMetadata: {} },
    labels,
    state: { code: state },
    uniqueId: `${host.number}-${location}-${id}`,
  };
}
