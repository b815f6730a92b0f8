# Roles in the clusters, which Terraform does not reach: apply the output, for instance through Config Sync itself. The
# first is that of infra/kubernetes/rbac (a test compares them).

locals {
  cluster_roles = {
    (var.name)             = { verbs = ["get", "list", "patch"], user = local.emails["cluster"] }
    "${var.name}-live-api" = { verbs = ["get", "list"], user = var.api.enabled ? local.emails["api"] : null }
  }
  cluster_rbac = join("---\n", flatten([
    for name, role in local.cluster_roles : role.user == null ? [] : [
      yamlencode({
        apiVersion = "rbac.authorization.k8s.io/v1"
        kind       = "ClusterRole"
        metadata   = { name = name, labels = { "app.kubernetes.io/name" = "countersign" } }
        rules      = [{ apiGroups = ["configsync.gke.io"], resources = ["rootsyncs", "reposyncs"], verbs = role.verbs }]
      }),
      yamlencode({
        apiVersion = "rbac.authorization.k8s.io/v1"
        kind       = "ClusterRoleBinding"
        metadata   = { name = "${name}-user", labels = { "app.kubernetes.io/name" = "countersign" } }
        roleRef    = { apiGroup = "rbac.authorization.k8s.io", kind = "ClusterRole", name = name }
        subjects   = [{ apiGroup = "rbac.authorization.k8s.io", kind = "User", name = role.user }]
      }),
    ]
  ]))
}
