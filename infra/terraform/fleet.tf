# GKE Hub and Connect Gateway. The predefined roles hold far more: gkehub.viewer reads every feature of the fleet, and
# gkehub.gatewayEditor may delete what is in the clusters.

locals {
  # Who lists memberships, who reads clusters, who patches RSyncs in them.
  fleet_roles = {
    Lister = {
      functions   = ["push", "sweep"]
      permissions = ["gkehub.memberships.list"]
    }
    Reader = {
      functions   = ["api"]
      permissions = ["gkehub.gateway.get", "gkehub.memberships.get", "gkehub.memberships.list", "resourcemanager.projects.get"]
    }
    Writer = {
      functions   = ["cluster"]
      permissions = ["gkehub.gateway.get", "gkehub.gateway.patch", "gkehub.memberships.get", "gkehub.memberships.list", "resourcemanager.projects.get"]
    }
  }
  fleet_members = {
    for pair in flatten([
      for project in local.fleet_projects : [
        for role, parts in local.fleet_roles : [
          for function in parts.functions : { project = project, role = role, function = function }
        ]
      ]
    ]) : "${pair.project}/${pair.function}" => pair if local.enabled[pair.function]
  }
}

resource "google_project_iam_custom_role" "fleet" {
  for_each = {
    for pair in setproduct(local.fleet_projects, keys(local.fleet_roles)) : "${pair[0]}/${pair[1]}" => { project = pair[0], role = pair[1] }
  }
  project     = each.value.project
  role_id     = "${replace(var.name, "-", "_")}Fleet${each.value.role}"
  title       = "Countersign: fleet ${lower(each.value.role)}"
  description = "What ${join(" and ", local.fleet_roles[each.value.role].functions)} of Countersign may do with the fleet"
  permissions = local.fleet_roles[each.value.role].permissions
  depends_on  = [google_project_service.this]
}

resource "google_project_iam_member" "fleet" {
  for_each = local.fleet_members
  project  = each.value.project
  role     = google_project_iam_custom_role.fleet["${each.value.project}/${each.value.role}"].name
  member   = local.members[each.value.function]
}
