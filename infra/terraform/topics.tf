resource "google_pubsub_schema" "this" {
  for_each   = var.message_schemas ? { task = "task.proto", status = "status.proto" } : {}
  project    = var.project_id
  name       = "${var.name}-${each.key}"
  type       = "PROTOCOL_BUFFER"
  definition = file("${path.module}/schemas/${each.value}")
  depends_on = [google_project_service.this]
}

locals {
  topic_schemas = {
    tasks       = "task"
    sweepTasks  = "task"
    resyncTasks = "task"
    status      = "status"
    # What is there could not be understood.
    deadLetters = null
  }
  # So long a new subscription can seek back, and a message can be looked at after it was acknowledged.
  topic_retention = {
    tasks       = "86400s"
    sweepTasks  = null
    resyncTasks = "86400s"
    status      = "604800s"
    deadLetters = "604800s"
  }
}

resource "google_pubsub_topic" "this" {
  for_each                   = local.topics
  project                    = var.project_id
  name                       = each.value
  labels                     = var.labels
  message_retention_duration = local.topic_retention[each.key]
  dynamic "schema_settings" {
    for_each = var.message_schemas && local.topic_schemas[each.key] != null ? [local.topic_schemas[each.key]] : []
    content {
      schema   = google_pubsub_schema.this[schema_settings.value].id
      encoding = "JSON"
    }
  }
  depends_on = [google_project_service.this]
}

# Artifact Registry publishes to the topic of this very id in the project of the repository, if it is there. Its agent
# may publish there without a binding (docs/facts/google-cloud.md#notifications-of-artifact-registry).
resource "google_pubsub_topic" "gcr" {
  for_each   = setsubtract(local.source_projects, var.existing_gcr_topics)
  project    = each.key
  name       = "gcr"
  labels     = var.labels
  depends_on = [google_project_service.this]
}

resource "google_pubsub_topic_iam_member" "publish" {
  for_each = {
    for pair in local.publishers : "${pair.function}/${pair.topic}" => pair if local.enabled[pair.function]
  }
  project = var.project_id
  topic   = google_pubsub_topic.this[each.value.topic].name
  role    = "roles/pubsub.publisher"
  member  = local.members[each.value.function]
}

locals {
  publishers = [
    { function = "push", topic = "tasks" },
    { function = "push", topic = "status" },
    { function = "push", topic = "deadLetters" },
    { function = "cluster", topic = "status" },
    { function = "cluster", topic = "deadLetters" },
    { function = "history", topic = "deadLetters" },
    { function = "sweep", topic = "sweepTasks" },
    { function = "sweep", topic = "status" },
    { function = "api", topic = "resyncTasks" },
    { function = "api", topic = "status" },
  ]
}
