# The status events in BigQuery, one row each: data and attributes as JSON, so that new fields need no new table.

resource "google_bigquery_dataset" "history" {
  count       = var.history == null ? 0 : 1
  project     = var.project_id
  dataset_id  = "${replace(var.name, "-", "_")}_history"
  location    = coalesce(var.history.location, var.region)
  description = "What Countersign published on its status topic"
  labels      = var.labels
  depends_on  = [google_project_service.this]
}

resource "google_bigquery_table" "events" {
  count               = var.history == null ? 0 : 1
  project             = var.project_id
  dataset_id          = google_bigquery_dataset.history[0].dataset_id
  table_id            = "events"
  labels              = var.labels
  deletion_protection = var.history.deletion_protection
  time_partitioning {
    type          = "DAY"
    field         = "publish_time"
    expiration_ms = var.history.days * 86400000
  }
  # The columns that Pub/Sub writes with write_metadata.
  schema = jsonencode([
    { name = "subscription_name", type = "STRING" },
    { name = "message_id", type = "STRING" },
    { name = "publish_time", type = "TIMESTAMP" },
    { name = "data", type = "JSON" },
    { name = "attributes", type = "JSON" },
  ])
}

resource "google_bigquery_table_iam_member" "history" {
  count      = var.history == null ? 0 : 1
  project    = var.project_id
  dataset_id = google_bigquery_dataset.history[0].dataset_id
  table_id   = google_bigquery_table.events[0].table_id
  role       = "roles/bigquery.dataEditor"
  member     = local.pubsub_agent
}

resource "google_pubsub_subscription" "history" {
  count                      = var.history == null ? 0 : 1
  project                    = var.project_id
  name                       = "${var.name}-status-bigquery"
  topic                      = google_pubsub_topic.this["status"].id
  labels                     = var.labels
  ack_deadline_seconds       = 60
  message_retention_duration = "604800s"
  expiration_policy {
    ttl = ""
  }
  bigquery_config {
    table               = "${var.project_id}.${google_bigquery_dataset.history[0].dataset_id}.${google_bigquery_table.events[0].table_id}"
    write_metadata      = true
    use_topic_schema    = false
    drop_unknown_fields = false
  }
  depends_on = [google_bigquery_table_iam_member.history]
}
