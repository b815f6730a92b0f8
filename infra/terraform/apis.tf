locals {
  apis = concat(
    [
      "artifactregistry.googleapis.com",
      "cloudresourcemanager.googleapis.com",
      "cloudscheduler.googleapis.com",
      "connectgateway.googleapis.com",
      "firestore.googleapis.com",
      "gkehub.googleapis.com",
      "iam.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "pubsub.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
    ],
    length(local.kms_keys) > 0 || (var.builder.enabled && var.builder.sign) ? ["cloudkms.googleapis.com"] : [],
    # The second for the provenance that Cloud Build writes.
    var.builder.enabled ? ["cloudbuild.googleapis.com", "containeranalysis.googleapis.com"] : [],
    var.tracing ? ["telemetry.googleapis.com"] : [],
    var.history != null ? ["bigquery.googleapis.com"] : [],
    var.api.enabled && var.api.mode == "iap" ? ["iap.googleapis.com"] : [],
  )
  fleet_apis = concat(
    ["gkehub.googleapis.com", "connectgateway.googleapis.com", "cloudresourcemanager.googleapis.com"],
    var.fleet.dns_endpoints ? ["container.googleapis.com"] : [],
  )
  source_apis = ["artifactregistry.googleapis.com", "pubsub.googleapis.com"]

  project_apis = distinct(concat(
    [for api in local.apis : { project = var.project_id, api = api }],
    flatten([for project in local.fleet_projects : [for api in local.fleet_apis : { project = project, api = api }]]),
    flatten([for project in local.source_projects : [for api in local.source_apis : { project = project, api = api }]]),
  ))
}

resource "google_project_service" "this" {
  for_each = var.enable_apis ? { for entry in local.project_apis : "${entry.project}/${entry.api}" => entry } : {}
  project  = each.value.project
  service  = each.value.api
  # Others may use it too.
  disable_on_destroy = false
}
