locals {
  # Where functions take what is pushed to them: functions/*/main.ts.
  push_path   = "/"
  events_path = "/events"
  task_paths = {
    tasks       = "/tasks"
    sweepTasks  = "/sweep-tasks"
    resyncTasks = "/resync-tasks"
  }

  # Two installations in one project have two names, and so two subscriptions.
  events_subscription = var.name == "countersign" ? "gcr-push" : "${var.name}-gcr-push"

  # Named <topic>-<function>. Subscriptions of other projects' topics are here too: Pub/Sub may only push to a service
  # with internal ingress, and as an account, of its own project.
  pushed = merge(
    {
      for key, path in local.task_paths : key => {
        name     = "${local.topics[key]}-cluster"
        topic    = google_pubsub_topic.this[key].id
        function = "cluster"
        path     = path
        # The key is the cluster: one task at a time for each, and a failing cluster holds up none but itself.
        ordered = true
      }
    },
    {
      for project in local.source_projects : "gcr/${project}" => {
        name     = project == var.project_id ? local.events_subscription : "${local.events_subscription}-${project}"
        topic    = "projects/${project}/topics/gcr"
        function = "push"
        path     = local.push_path
        # Artifact Registry sets no ordering key; push resolves tags when it handles the message.
        ordered = false
      }
    },
    {
      for topic in local.has_history ? ["status"] : [] : topic => {
        name     = "${local.topics[topic]}-history"
        topic    = google_pubsub_topic.this[topic].id
        function = "history"
        path     = local.events_path
        # An event has its place by its time, whenever it arrives.
        ordered = false
      }
    },
  )

  # Above fifteen, after which the functions themselves put a message there, with the reason (shared/http/limits.ts):
  # what Pub/Sub puts there has none.
  max_delivery_attempts = 20
  # Handlers answer within Cloud Run's time-out, which is shorter: redelivery never overtakes an answer.
  ack_deadline_seconds = 600
}

resource "google_pubsub_subscription" "push" {
  for_each                   = local.pushed
  project                    = var.project_id
  name                       = each.value.name
  topic                      = each.value.topic
  labels                     = var.labels
  ack_deadline_seconds       = local.ack_deadline_seconds
  message_retention_duration = "604800s"
  enable_message_ordering    = each.value.ordered
  expiration_policy {
    # Never: a quiet quarter is no reason to stop listening.
    ttl = ""
  }
  push_config {
    push_endpoint = "${google_cloud_run_v2_service.this[each.value.function].uri}${each.value.path}"
    oidc_token {
      service_account_email = local.caller_emails[each.value.function]
      audience              = local.audiences[each.value.function]
    }
  }
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.this["deadLetters"].id
    max_delivery_attempts = local.max_delivery_attempts
  }
  depends_on = [google_pubsub_topic.gcr, google_cloud_run_v2_service_iam_member.invoke]
}

# The one that `countersign letters` pulls from.
resource "google_pubsub_subscription" "dead_letters" {
  project                    = var.project_id
  name                       = "${var.name}-dead-letters-pull"
  topic                      = google_pubsub_topic.this["deadLetters"].id
  labels                     = var.labels
  ack_deadline_seconds       = 60
  message_retention_duration = "1209600s"
  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub makes the tokens that it pushes with. It may do so by itself only in projects that enabled it after April 8, 2021
# (cloud.google.com/pubsub/docs/authenticate-push-subscriptions).
resource "google_service_account_iam_member" "push_tokens" {
  for_each           = var.old_project ? { for name in setsubtract(keys(local.calling), ["sweep"]) : name => google_service_account.caller[name].name } : {}
  service_account_id = each.value
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent
}

# Pub/Sub forwards what it gives up: it publishes there, and takes the message off here.
resource "google_pubsub_topic_iam_member" "forward" {
  project = var.project_id
  topic   = google_pubsub_topic.this["deadLetters"].name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "forward" {
  for_each     = local.pushed
  project      = var.project_id
  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_pubsub_subscription" "status" {
  for_each                   = var.status_subscriptions
  project                    = var.project_id
  name                       = "${var.name}-status-${each.key}"
  topic                      = google_pubsub_topic.this["status"].id
  labels                     = var.labels
  filter                     = each.value.filter
  ack_deadline_seconds       = 180
  message_retention_duration = "604800s"
  expiration_policy {
    ttl = ""
  }
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
  dynamic "push_config" {
    for_each = each.value.push == null ? [] : [each.value.push]
    content {
      push_endpoint = push_config.value.endpoint
      oidc_token {
        service_account_email = push_config.value.service_account
        audience              = push_config.value.audience
      }
    }
  }
}
