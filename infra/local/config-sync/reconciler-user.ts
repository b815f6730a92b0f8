/**
 * The user that syncs an RSync: facts/config-sync.md section 6. Only this one's writes announce
 * what is about to run, so only they are judged even where they change nothing.
 */
export function reconcilerUser(kind: string, namespace: string, name: string): string {
  return `system:serviceaccount:config-management-system:${reconcilerName(kind, namespace, name)}`;
}

function reconcilerName(kind: string, namespace: string, name: string): string {
  if (kind === 'RootSync') {
    return name === 'root-sync' ? 'root-reconciler' : `root-reconciler-${name}`;
  }
  if (name === 'repo-sync') return `ns-reconciler-${namespace}`;
  return `ns-reconciler-${namespace}-${name}-${name.length}`;
}
