# Names of things, each in one place. Tests compare them with the code (test/unit/infra/terraform).

data "google_project" "this" {
  project_id = var.project_id
}

# Their numbers are in the names of workload identity pools.
data "google_project" "identity" {
  for_each   = local.identity_projects
  project_id = each.key
}

locals {
  project_number    = data.google_project.this.number
  fleet_projects    = coalesce(var.fleet.projects, toset([var.project_id]))
  identity_projects = coalesce(var.identity_projects, local.fleet_projects)

  # The topics of the config file, by their names there.
  topics = {
    tasks       = "${var.name}-tasks"
    sweepTasks  = "${var.name}-sweep-tasks"
    resyncTasks = "${var.name}-resync-tasks"
    status      = "${var.name}-status"
    deadLetters = "${var.name}-dead-letters"
  }

  # One account for each function; the name of cluster's is the identity that clusters and the gate know.
  accounts = {
    push      = "${var.name}-push"
    cluster   = var.name
    sweep     = "${var.name}-sweep"
    history   = "${var.name}-history"
    api       = "${var.name}-api"
    admission = "${var.name}-admission"
  }
  # One account for each caller, so that a token for one function opens no other.
  callers = {
    push    = "${var.name}-events"
    cluster = "${var.name}-tasks"
    sweep   = "${var.name}-clock"
    history = "${var.name}-status"
  }
  calling = { for name, account in local.callers : name => account if local.enabled[name] }
  enabled = {
    push      = true
    cluster   = true
    sweep     = true
    history   = local.has_history
    api       = var.api.enabled
    admission = var.admission.enabled
  }
  functions = toset([for name, enabled in local.enabled : name if enabled])
  # All but history look at images.
  verifiers = setsubtract(local.functions, ["history"])

  # A custom audience rather than the URL: it is known before the service is, and both sides compare it exactly.
  audiences = merge(
    { for name in ["push", "cluster", "sweep", "history", "admission"] : name => "https://${var.name}-${name}.${var.project_id}.internal" },
    { api = coalesce(var.api.audience, "https://${var.name}-api.${var.project_id}.internal") },
  )

  # Google's own accounts in this project.
  pubsub_agent = "serviceAccount:service-${local.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  iap_agent    = "serviceAccount:service-${local.project_number}@gcp-sa-iap.iam.gserviceaccount.com"
}
