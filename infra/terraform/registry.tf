# Repositories that hold configs: ours, if we are to make one, and all that the config names.

locals {
  config_location = try(coalesce(var.repository.location, var.region), var.region)

  # LOCATION-docker.pkg.dev/PROJECT/REPOSITORY, from every place of the config that names one; wildcards only after it.
  repository_pattern = "^([a-z0-9-]+)-docker[.]pkg[.]dev/([a-z0-9-]+)/([a-z0-9-]+)(?:/|$)"
  image_repositories = toset(flatten([for name in var.images[*].match :
    [for parts in regexall(local.repository_pattern, name) : "${parts[0]}-docker.pkg.dev/${parts[1]}/${parts[2]}"]
  ]))
  signature_repositories = toset(flatten([for name in compact([for policy in values(var.trust) : policy.signature_repository]) :
    [for parts in regexall(local.repository_pattern, name) : "${parts[0]}-docker.pkg.dev/${parts[1]}/${parts[2]}"]
  ]))
  followed = {
    for name in setunion(local.image_repositories, local.signature_repositories) : name => {
      location   = regex(local.repository_pattern, name)[0]
      project    = regex(local.repository_pattern, name)[1]
      repository = regex(local.repository_pattern, name)[2]
    }
  }
  source_projects = toset([for repository in values(local.followed) : repository.project])
}

resource "google_artifact_registry_repository" "configs" {
  count         = var.repository == null ? 0 : 1
  project       = var.project_id
  location      = local.config_location
  repository_id = var.repository.id
  description   = "Configs that Config Sync pulls"
  format        = "DOCKER"
  labels        = var.labels
  dynamic "docker_config" {
    # Only where it says something: the API does not show what is false, and the plan would never be empty.
    for_each = var.repository.immutable_tags ? [true] : []
    content {
      # Nothing can be re-tagged then: rolling back is a new tag, and effect pin.
      immutable_tags = true
    }
  }
  depends_on = [google_project_service.this]
}

resource "google_artifact_registry_repository_iam_member" "publish" {
  for_each   = var.repository == null ? [] : var.publishers
  project    = var.project_id
  location   = local.config_location
  repository = google_artifact_registry_repository.configs[0].repository_id
  role       = "roles/artifactregistry.writer"
  member     = each.key
}

# GET https://LOCATION-docker.pkg.dev/v2/…, and the tags of a digest.
resource "google_artifact_registry_repository_iam_member" "verify" {
  for_each = {
    for pair in setproduct(keys(local.followed), local.verifiers) : "${pair[0]}/${pair[1]}" => {
      repository = local.followed[pair[0]]
      function   = pair[1]
    }
  }
  project    = each.value.repository.project
  location   = each.value.repository.location
  repository = each.value.repository.repository
  role       = "roles/artifactregistry.reader"
  member     = local.members[each.value.function]
  depends_on = [google_artifact_registry_repository.configs]
}
