# Alert policies. Each title is a section of docs/runbook.md, and each key its anchor (a test compares them).

locals {
  event_line = "${local.our_lines} AND jsonPayload.message=\"Event published\""

  # One incident for each line, at most one notification in five minutes.
  line_alerts = {
    sync-blocked = {
      title    = "Sync blocked"
      run      = "countersign explain '$${log.extracted_label.cluster}' '$${log.extracted_label.sync}'"
      severity = "ERROR"
      filter   = "${local.event_line} AND jsonPayload.event=\"sync.blocked\""
      labels   = ["image", "cluster", "sync"]
    }
    sync-failed = {
      title    = "Sync failed"
      run      = "countersign explain '$${log.extracted_label.cluster}' '$${log.extracted_label.sync}'"
      severity = "ERROR"
      filter   = "${local.event_line} AND jsonPayload.event=(\"sync.failed\" OR \"sync.stalled\")"
      labels   = ["image", "cluster", "sync"]
    }
    sync-unguarded = {
      title    = "Sync unguarded"
      run      = "countersign explain '$${log.extracted_label.cluster}' '$${log.extracted_label.sync}'"
      severity = "CRITICAL"
      filter   = "${local.event_line} AND jsonPayload.event=\"sync.unguarded\""
      labels   = ["image", "cluster", "sync"]
    }
    sync-refused = {
      title    = "Sync refused"
      run      = "countersign explain '$${log.extracted_label.cluster}' '$${log.extracted_label.sync}'"
      severity = "WARNING"
      filter   = "${local.event_line} AND jsonPayload.event=\"sync.refused\""
      labels   = ["cluster", "sync"]
    }
    image-untrusted = {
      title    = "Image untrusted"
      run      = "countersign verify '$${log.extracted_label.image}'"
      severity = "CRITICAL"
      filter   = "${local.event_line} AND jsonPayload.event=\"image.untrusted\""
      labels   = ["image"]
    }
    image-unchecked = {
      title    = "Image unchecked"
      run      = "countersign verify '$${log.extracted_label.image}'"
      severity = "ERROR"
      filter   = "${local.event_line} AND jsonPayload.event=\"image.unchecked\""
      labels   = ["image"]
    }
    signature-missing = {
      title    = "Signature missing"
      run      = "countersign verify '$${log.extracted_label.image}'"
      severity = "WARNING"
      filter   = "${local.event_line} AND jsonPayload.event=\"image.unsigned\" AND severity=WARNING"
      labels   = ["image"]
    }
    rollout-degraded = {
      title    = "Rollout degraded"
      run      = "countersign status --image '$${log.extracted_label.image}'"
      severity = "WARNING"
      filter   = "${local.event_line} AND jsonPayload.event=\"rollout.degraded\""
      labels   = ["image"]
    }
    rollout-halted = {
      title    = "Rollout halted"
      run      = "countersign rollouts"
      severity = "ERROR"
      filter   = "${local.event_line} AND jsonPayload.event=\"rollout.halted\""
      labels   = ["image", "stage"]
    }
    rollout-interrupted = {
      title    = "Rollout interrupted"
      run      = "countersign rollouts"
      severity = "ERROR"
      filter   = "${local.event_line} AND jsonPayload.event=\"rollout.interrupted\""
      labels   = ["image"]
    }
    # It has waited for people for a day, or stopped by itself and waits for one.
    rollout-waits = {
      title    = "Rollout waits"
      run      = "countersign rollouts"
      severity = "WARNING"
      filter   = "${local.event_line} AND jsonPayload.event=(\"rollout.waiting\" OR \"rollout.paused\") AND severity=WARNING"
      labels   = ["image", "stage"]
    }
    # A person has stopped new approvals; again each week.
    freeze-holds = {
      title    = "Freeze holds"
      run      = "countersign freezes"
      severity = "WARNING"
      filter   = "${local.event_line} AND jsonPayload.event=\"freeze.started\""
      labels   = ["image"]
    }
    withdrawal-brake = {
      title    = "Withdrawal brake"
      run      = "countersign history --since 1d"
      severity = "CRITICAL"
      filter   = "${local.event_line} AND jsonPayload.event=\"sweep.braked\""
      labels   = []
    }
    withdrawal-unchecked = {
      title    = "Withdrawal unchecked"
      run      = "countersign history --since 1d"
      severity = "ERROR"
      filter   = "${local.event_line} AND jsonPayload.event=\"withdrawal.unchecked\""
      labels   = []
    }
    cluster-unreachable = {
      title    = "Cluster unreachable"
      run      = "countersign status --cluster '$${log.extracted_label.cluster}'"
      severity = "WARNING"
      filter   = "${local.event_line} AND jsonPayload.event=\"cluster.unreachable\""
      labels   = ["cluster"]
    }
    glass-broken = {
      title    = "Glass broken"
      run      = "countersign status"
      severity = "WARNING"
      filter   = "${local.event_line} AND jsonPayload.event=\"sweep.completed\" AND jsonPayload.breakGlass>0"
      labels   = []
    }
    function-failed = {
      title    = "Function failed"
      run      = "gcloud logging read 'resource.type=\"cloud_run_revision\" AND severity>=ERROR' --freshness=1h --project=${var.project_id}"
      severity = "ERROR"
      filter   = "${local.our_lines} AND severity>=ERROR AND jsonPayload.message=(\"Function cannot start\" OR \"Uncaught exception\" OR \"Unhandled rejection\" OR \"Request failed\")"
      labels   = ["code"]
    }
  }

  # Notify once, and again after so long where it goes on.
  line_alert_pause = { for key in keys(local.line_alerts) : key => key == "glass-broken" ? "86400s" : "300s" }

  metric_alerts = {
    messages-wait = {
      title      = "Messages wait"
      run        = "gcloud logging read 'jsonPayload.message=\"Message will be retried\"' --freshness=30m --project=${var.project_id}"
      severity   = "WARNING"
      filter     = "resource.type=\"pubsub_subscription\" AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.labels.subscription_id=monitoring.regex.full_match(\"${local.events_subscription}.*|${var.name}-(sweep-|resync-)?tasks-cluster|${var.name}-status-.*\")"
      aligner    = "ALIGN_MAX"
      reducer    = "REDUCE_NONE"
      comparison = "COMPARISON_GT"
      # A task is retried for ten minutes, and given up.
      threshold = 900
      duration  = "300s"
    }
    dead-letters = {
      title      = "Dead letters"
      run        = "countersign letters list"
      severity   = "ERROR"
      filter     = "resource.type=\"pubsub_subscription\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.dead_letters.name}\""
      aligner    = "ALIGN_MAX"
      reducer    = "REDUCE_NONE"
      comparison = "COMPARISON_GT"
      threshold  = 0
      duration   = "0s"
    }
    sweep-stretched = {
      title      = "Sweep stretched"
      run        = "countersign status"
      severity   = "WARNING"
      filter     = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["sweep_stretch"].name}\""
      aligner    = "ALIGN_DELTA"
      reducer    = "REDUCE_MEAN"
      comparison = "COMPARISON_GT"
      # The period in effect by the period of the config.
      threshold = 1
      duration  = "1800s"
    }
  }
}

resource "google_monitoring_alert_policy" "line" {
  for_each              = var.alerts ? local.line_alerts : {}
  project               = var.project_id
  display_name          = "Countersign: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = var.notification_channels
  user_labels           = var.labels
  conditions {
    display_name = each.value.title
    condition_matched_log {
      filter           = each.value.filter
      label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }
    }
  }
  alert_strategy {
    auto_close = "86400s"
    notification_rate_limit {
      period = local.line_alert_pause[each.key]
    }
  }
  documentation {
    mime_type = "text/markdown"
    content   = "Run: `${each.value.run}`. What it means, what to do and when it is over: ${var.runbook}#${each.key}"
  }
  depends_on = [google_project_service.this]
}

resource "google_monitoring_alert_policy" "metric" {
  for_each              = var.alerts ? local.metric_alerts : {}
  project               = var.project_id
  display_name          = "Countersign: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = var.notification_channels
  user_labels           = var.labels
  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = each.value.filter
      comparison      = each.value.comparison
      threshold_value = each.value.threshold
      duration        = each.value.duration
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
      }
    }
  }
  alert_strategy {
    auto_close = "3600s"
  }
  documentation {
    mime_type = "text/markdown"
    content   = "Run: `${each.value.run}`. What it means, what to do and when it is over: ${var.runbook}#${each.key}"
  }
  depends_on = [google_project_service.this, terraform_data.metrics_known]
}

# The one that watches the watcher. Nothing is counted before the first sweep: absence begins when there was one.
resource "google_monitoring_alert_policy" "silence" {
  count                 = var.alerts ? 1 : 0
  project               = var.project_id
  display_name          = "Countersign: Sweep is silent"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = var.notification_channels
  user_labels           = var.labels
  conditions {
    display_name = "Sweep is silent"
    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.sweeps_completed.name}\""
      duration = "300s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_COUNT"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  alert_strategy {
    auto_close = "3600s"
  }
  documentation {
    mime_type = "text/markdown"
    content   = "Run: `gcloud scheduler jobs describe ${google_cloud_scheduler_job.sweep.name} --location=${var.region} --project=${var.project_id}`. What it means, what to do and when it is over: ${var.runbook}#sweep-is-silent"
  }
  depends_on = [google_project_service.this, terraform_data.metrics_known]
}
