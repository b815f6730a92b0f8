# `countersign letters`: finds the subscription, pulls from it, and publishes a letter where it came from.

resource "google_pubsub_subscription_iam_member" "read_letters" {
  for_each     = var.operators
  project      = var.project_id
  subscription = google_pubsub_subscription.dead_letters.name
  role         = "roles/pubsub.subscriber"
  member       = each.key
}

resource "google_project_iam_member" "find_letters" {
  for_each = var.operators
  project  = var.project_id
  role     = "roles/pubsub.viewer"
  member   = each.key
}

resource "google_pubsub_topic_iam_member" "replay_letters" {
  for_each = {
    for pair in setproduct(concat(["tasks", "sweepTasks", "resyncTasks"], local.has_history ? ["status"] : []), var.operators) : "${pair[0]}/${pair[1]}" => pair
  }
  project = var.project_id
  topic   = google_pubsub_topic.this[each.value[0]].name
  role    = "roles/pubsub.publisher"
  member  = each.value[1]
}

resource "google_pubsub_topic_iam_member" "replay_events" {
  for_each = {
    for pair in setproduct(local.source_projects, var.operators) : "${pair[0]}/${pair[1]}" => pair
  }
  project    = each.value[0]
  topic      = "gcr"
  role       = "roles/pubsub.publisher"
  member     = each.value[1]
  depends_on = [google_pubsub_topic.gcr]
}
