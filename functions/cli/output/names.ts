const MEMBERSHIP = /^projects\/[^/]+\/locations\/[^/]+\/memberships\/(?=[^/]+$)/;

/**
 * A cluster as people name theirs: of a membership its id. `-o wide` and JSON have the full name.
 *
 * @example
 * shortCluster('projects/acme/locations/us-east1/memberships/shop-1') // 'shop-1'
 */
export function shortCluster(cluster: string): string {
  return cluster.replace(MEMBERSHIP, '');
}

/** The cell of a table that names a cluster. */
export function clusterOf(
  { cluster }: { readonly cluster: string },
  { wide }: { readonly wide: boolean },
): string {
  return wide ? cluster : shortCluster(cluster);
}
