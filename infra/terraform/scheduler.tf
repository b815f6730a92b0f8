resource "google_cloud_scheduler_job" "sweep" {
  project     = var.project_id
  region      = var.region
  name        = "${var.name}-sweep"
  description = "Looks at what is unsettled, and at the whole fleet once in a period"
  # Each minute; the period is the config's.
  schedule  = "* * * * *"
  time_zone = "Etc/UTC"
  # As long as the service may take: the scheduler starts no sweep while it waits for one.
  attempt_deadline = "300s"
  retry_config {
    # The next minute is the retry.
    retry_count = 0
  }
  http_target {
    http_method = "POST"
    uri         = "${google_cloud_run_v2_service.this["sweep"].uri}/"
    oidc_token {
      service_account_email = local.caller_emails["sweep"]
      audience              = local.audiences["sweep"]
    }
  }
  depends_on = [google_project_service.this, google_cloud_run_v2_service_iam_member.invoke]
}
