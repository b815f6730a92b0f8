resource "google_service_account" "function" {
  for_each     = { for name, account in local.accounts : name => account if local.enabled[name] }
  project      = var.project_id
  account_id   = each.value
  display_name = "Countersign: ${each.key}"
  description  = "What the function ${each.key} runs as"
  depends_on   = [google_project_service.this]
}

resource "google_service_account" "caller" {
  for_each     = local.calling
  project      = var.project_id
  account_id   = each.value
  display_name = "Countersign: caller of ${each.key}"
  description  = "What Pub/Sub or Cloud Scheduler calls ${each.key} as; it may do nothing else"
  depends_on   = [google_project_service.this]
}

# Cloud Run lets no other caller in (config: access mode iam).
resource "google_cloud_run_v2_service_iam_member" "invoke" {
  for_each = local.calling
  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.this[each.key].name
  role     = "roles/run.invoker"
  member   = local.caller_members[each.key]
}

# Under IAP, its own agent calls, and people are let in by IAP. Both are checked again by the function.
resource "google_cloud_run_v2_service_iam_member" "iap" {
  count    = var.api.enabled && var.api.mode == "iap" ? 1 : 0
  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.this["api"].name
  role     = "roles/run.invoker"
  member   = local.iap_agent
}

resource "google_iap_web_cloud_run_service_iam_member" "people" {
  for_each               = var.api.enabled && var.api.mode == "iap" ? toset(local.people) : []
  project                = var.project_id
  location               = var.region
  cloud_run_service_name = google_cloud_run_v2_service.this["api"].name
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = "${endswith(each.key, ".gserviceaccount.com") ? "serviceAccount" : "user"}:${each.key}"
}

locals {
  # Made of what is configured, so that a plan shows them, and yet only after the accounts are there.
  emails  = { for name, account in google_service_account.function : name => "${account.account_id}@${account.project}.iam.gserviceaccount.com" }
  members = { for name, email in local.emails : name => "serviceAccount:${email}" }

  caller_emails  = { for name, account in google_service_account.caller : name => "${account.account_id}@${account.project}.iam.gserviceaccount.com" }
  caller_members = { for name, email in local.caller_emails : name => "serviceAccount:${email}" }
}
