# What Google says is done, and is not yet everywhere. Both waits are once, when what they wait for is made, and beside
# each other.

# Cloud Run refuses a new service whose account cannot read its secret: a binding takes its time.
resource "terraform_data" "bindings_settled" {
  triggers_replace = [for key, member in google_secret_manager_secret_iam_member.read : key]
  provisioner "local-exec" {
    command = "sleep ${var.waits.bindings}"
  }
  depends_on = [
    google_project_iam_member.store,
    google_project_iam_member.store_reader,
    google_project_iam_member.records,
    google_project_iam_member.records_reader,
    google_project_iam_member.history,
    google_artifact_registry_repository_iam_member.verify,
    google_kms_crypto_key_iam_member.verify,
  ]
}

# Cloud Monitoring refuses an alert policy on a log-based metric that it does not know yet: "it could take up to 10
# minutes to become available" (hashicorp/terraform-provider-google#11102).
resource "terraform_data" "metrics_known" {
  count            = var.alerts ? 1 : 0
  triggers_replace = [google_logging_metric.this["sweep_stretch"].name, google_logging_metric.sweeps_completed.name]
  provisioner "local-exec" {
    command = "sleep ${var.waits.metrics}"
  }
}
