# What Config Sync needs to pull: its reconcilers' accounts read the repositories. The names are Config Sync's own
# (docs/facts/config-sync.md#reconciler-names); shared/core/sync-ref.ts has the same rule, and a test compares the two.

locals {
  reconcilers = {
    for reader in var.readers : "${reader.kind}/${coalesce(reader.namespace, "config-management-system")}/${reader.name}" => {
      account = (
        reader.kind == "RootSync"
        ? (reader.name == "root-sync" ? "root-reconciler" : "root-reconciler-${reader.name}")
        : (reader.name == "repo-sync" ? "ns-reconciler-${reader.namespace}" : "ns-reconciler-${reader.namespace}-${reader.name}-${length(reader.name)}")
      )
      google_service_account = reader.google_service_account
      # Of configs, never of signatures, which Config Sync does not look at.
      repositories = reader.repositories == null ? local.image_repositories : reader.repositories
    }
  }

  # auth: k8sserviceaccount. One principal for each pool; an account of the same name in any cluster of a pool is the same.
  kubernetes_readers = {
    for entry in flatten([
      for key, reader in local.reconcilers : [
        for pair in setproduct(reader.repositories, local.identity_projects) : {
          key        = "${pair[0]}/${key}@${pair[1]}"
          repository = local.followed[pair[0]]
          member     = "principal://iam.googleapis.com/projects/${data.google_project.identity[pair[1]].number}/locations/global/workloadIdentityPools/${pair[1]}.svc.id.goog/subject/ns/config-management-system/sa/${reader.account}"
        }
      ] if reader.google_service_account == null
    ]) : entry.key => entry
  }
  # auth: gcpserviceaccount.
  google_readers = {
    for entry in flatten([
      for reader in values(local.reconcilers) : [
        for repository in reader.repositories : {
          key        = "${repository}/${reader.google_service_account}"
          repository = local.followed[repository]
          member     = "serviceAccount:${reader.google_service_account}"
        }
      ] if reader.google_service_account != null
    ]) : entry.key => entry...
  }
  impersonations = {
    for pair in setproduct([for key, reader in local.reconcilers : key if reader.google_service_account != null], local.identity_projects) :
    "${pair[0]}@${pair[1]}" => {
      google_service_account = local.reconcilers[pair[0]].google_service_account
      member                 = "serviceAccount:${pair[1]}.svc.id.goog[config-management-system/${local.reconcilers[pair[0]].account}]"
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "pull" {
  for_each   = local.kubernetes_readers
  project    = each.value.repository.project
  location   = each.value.repository.location
  repository = each.value.repository.repository
  role       = "roles/artifactregistry.reader"
  member     = each.value.member
  depends_on = [google_artifact_registry_repository.configs]
}

# Several RSyncs may read as one account.
resource "google_artifact_registry_repository_iam_member" "pull_as" {
  for_each   = { for key, same in local.google_readers : key => same[0] }
  project    = each.value.repository.project
  location   = each.value.repository.location
  repository = each.value.repository.repository
  role       = "roles/artifactregistry.reader"
  member     = each.value.member
  depends_on = [google_artifact_registry_repository.configs]
}

resource "google_service_account_iam_member" "impersonate" {
  for_each = local.impersonations
  # NAME@PROJECT.iam.gserviceaccount.com
  service_account_id = "projects/${split(".", split("@", each.value.google_service_account)[1])[0]}/serviceAccounts/${each.value.google_service_account}"
  role               = "roles/iam.workloadIdentityUser"
  member             = each.value.member
}
