# DNS endpoints of GKE's control planes, where clusters are called by them (fleet.dns_endpoints). roles/container.viewer
# and the like read far more of a cluster.

locals {
  # Who lists endpoints, and who calls clusters by them.
  endpoint_roles = {
    Lister = {
      functions   = ["push", "sweep"]
      permissions = ["container.clusters.list"]
    }
    Caller = {
      functions   = ["api", "cluster"]
      permissions = ["container.clusters.connect", "container.clusters.list"]
    }
  }
  endpoint_projects = var.fleet.dns_endpoints ? local.fleet_projects : toset([])
  endpoint_members = {
    for pair in flatten([
      for project in local.endpoint_projects : [
        for role, parts in local.endpoint_roles : [
          for function in parts.functions : { project = project, role = role, function = function }
        ]
      ]
    ]) : "${pair.project}/${pair.function}" => pair if local.enabled[pair.function]
  }
}

resource "google_project_iam_custom_role" "endpoint" {
  for_each = {
    for pair in setproduct(local.endpoint_projects, keys(local.endpoint_roles)) : "${pair[0]}/${pair[1]}" => { project = pair[0], role = pair[1] }
  }
  project     = each.value.project
  role_id     = "${replace(var.name, "-", "_")}Endpoint${each.value.role}"
  title       = "Countersign: endpoint ${lower(each.value.role)}"
  description = "What ${join(" and ", local.endpoint_roles[each.value.role].functions)} of Countersign may do with DNS endpoints of clusters"
  permissions = local.endpoint_roles[each.value.role].permissions
  depends_on  = [google_project_service.this]
}

resource "google_project_iam_member" "endpoint" {
  for_each = local.endpoint_members
  project  = each.value.project
  role     = google_project_iam_custom_role.endpoint["${each.value.project}/${each.value.role}"].name
  member   = local.members[each.value.function]
}
